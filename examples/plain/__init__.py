"""The smallest site with the card: Flask and nothing else, in ``app.py``."""
