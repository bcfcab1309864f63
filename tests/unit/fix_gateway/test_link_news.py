"""News (B): what clients are told of the link to the venue, each change once."""

from types import SimpleNamespace

from tidings.fix_gateway.link_news import LinkNews


class Account:
    """As much of one as the news look at."""

    def __init__(self) -> None:
        self.state = SimpleNamespace(is_account_live=True, lanes_up=4, killed="", trading="ACTIVE", reason="")
        self.engine = self

    def becomes(self, **changes: object) -> None:
        for name, value in changes.items():
            setattr(self.state, name, value)


def told_by(news: LinkNews) -> list[dict[int, str]]:
    heard: list[dict[int, str]] = []
    news.listeners["C1"] = lambda fields: heard.append({tag: value.decode() for tag, value in fields})
    return heard


def test_a_lost_link_is_told_once_and_so_is_its_return():
    account = Account()
    news = LinkNews(account)
    heard = told_by(news)
    news.look()
    assert heard == []
    account.becomes(lanes_up=0, reason="no order lane is up: refused")
    news.look()
    account.becomes(reason="no order lane is up: timed out")
    news.look()
    assert heard == [{33: "1", 58: "no order lane is up: refused", 148: "exchange link lost"}]
    account.becomes(lanes_up=1, reason="")
    news.look()
    assert heard[1:] == [{33: "1", 58: "new orders are taken again", 148: "exchange link restored"}]


def test_a_kill_is_told_and_who_logs_on_later_hears_of_it_too():
    account = Account()
    news = LinkNews(account)
    heard = told_by(news)
    account.becomes(killed="drill", reason="the kill switch is latched: drill")
    news.look()
    late: list[object] = []
    news.greet(late.append)
    assert len(late) == 1 and heard[0][148] == "trading halted"
    account.becomes(killed="", reason="")
    news.look()
    assert heard[1][148] == "trading resumed"
    news.greet(late.append)
    assert len(late) == 1
