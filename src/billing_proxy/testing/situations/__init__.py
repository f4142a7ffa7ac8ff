"""The situations that customers are in: each function gives a customer its subscriptions.

Every moment is relative to the account's clock; subscription ids follow the customer's.
"""
