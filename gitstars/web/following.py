"""The routes by which repositories and owners are followed."""

from bottle import Bottle, HTTPResponse

from gitstars import api
from gitstars.supervise.following import FollowDesk
from gitstars.supervise.snapshot import Snapshots
from gitstars.web.answers import answer, read_body, read_query


class Following:
    """What changes what is followed; whoever asks after it sees it."""

    def __init__(self, desk: FollowDesk, snapshots: Snapshots) -> None:
        self._desk = desk
        self._snapshots = snapshots

    def list_follows(self) -> api.Follows:
        read_query(api.Nothing)
        return self._desk.list_follows()

    def follow(self) -> HTTPResponse:
        followed = self._desk.follow(read_body(api.FollowWish).name)
        self._snapshots.forget()
        return answer(followed, 201)

    def unfollow(self) -> api.Unfollowed:
        gone = self._desk.unfollow(read_query(api.UnfollowQuery).name)
        self._snapshots.forget()
        return gone


def add_following(app: Bottle, desk: FollowDesk, snapshots: Snapshots) -> None:
    """Add the routes."""
    routes = Following(desk, snapshots)
    app.get("/follow", callback=routes.list_follows)
    app.post("/follow", callback=routes.follow)
    app.delete("/follow", callback=routes.unfollow)
