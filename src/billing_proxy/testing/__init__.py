"""A small Stripe for tests: on the loopback interface, over real HTTP, as strict as Stripe itself.

| room | what |
|---|---|
| `account/` | Stripe's objects in memory, and what changes them; knows nothing of HTTP |
| `situations/` | what a customer's subscriptions look like, in each of many cases |
| `api/` | Stripe's API over an account |

Imports point down this way: `emulator > api > catalogue | situations > account`. The product
imports nothing of this, and this nothing of the product.
"""
