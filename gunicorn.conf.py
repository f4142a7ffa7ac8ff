"""How gunicorn serves ``wsgi:app``; read by ``gunicorn`` from the folder it is started in."""

import os

# A platform that sets PORT routes to the machine from outside; by hand, loopback is enough.
bind = f"0.0.0.0:{os.environ['PORT']}" if "PORT" in os.environ else "127.0.0.1:8000"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = int(os.environ.get("GUNICORN_THREADS", "32"))

# Longer than BILLING_STRIPE_TIMEOUT may be, and shorter than the router in front should wait.
timeout = 30
graceful_timeout = 30
keepalive = 75

# The request line holds tokens, so there is no access log; the service writes its own lines.
accesslog = None

# BILLING_TRUSTED_PROXIES alone says which X-Forwarded-* headers to believe.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
control_socket_disable = True
