"""Stripe's pages over an account: the customer portal and the invoice that can be paid."""
