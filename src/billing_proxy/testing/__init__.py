"""A small Stripe for tests: on the loopback interface, over real HTTP, as strict as Stripe itself.

```python
with Emulator(account_with_customers()) as stripe:
    app = create_app({"TESTING": True, **stripe.settings})
    user.stripe_customer_id = CUSTOMERS["past_due"]
```

With pytest, that Stripe is the fixture `stripe_emulator` of `billing_proxy.testing.fixtures`.
`python -m billing_proxy.testing` starts one to look at a site with.

| room | what |
|---|---|
| `account/` | Stripe's objects in memory, and what changes them; knows nothing of HTTP |
| `situations/` | what a customer's subscriptions look like, in each of many cases |
| `api/` | Stripe's API over an account |

Imports point down this way: `emulator > api | customers > catalogue | situations > account`. The
product imports nothing of this, and this nothing of the product.
"""

from .customers import CUSTOMERS, account_with_customers
from .emulator import Emulator

__all__ = ["CUSTOMERS", "Emulator", "account_with_customers"]
