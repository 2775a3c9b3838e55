"""`ledger verify`: proves the running stack's books, or names what does not add up."""

from launcher.admin import Admin
from launcher.screen import say
from launcher.settings import Settings


def verify(settings: Settings) -> int:
    """0 when ledger, reservations, budgets and records agree to the last unit, else 1."""
    stack = settings.running()
    report = Admin(stack["SEEDBED_BASE_URL"], stack["SEEDBED_ADMIN_TOKEN"]).call("POST", "/ledger:verify", {})
    say(f"{report['requests']} requests, {report['entries']} ledger entries: {report['difference_count']} differences")
    for found in report["differences"]:
        say(f"  {found['kind']}  {found['subject']}  {found['detail']}")
    return 1 if report["difference_count"] else 0
