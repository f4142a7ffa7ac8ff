"""The situations that personas are in: each function gives a customer its subscriptions.

Every moment is relative to the account's clock; subscription ids follow the customer's. What the
page is to show of each stands in `demo.personas`.
"""
