"""What the service is compared with, each a WSGI application that gunicorn serves."""
