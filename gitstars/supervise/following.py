"""Repositories and owners that an operator follows without starring them."""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from gitstars import api
from gitstars.errors import NotKnown, NotNow
from gitstars.model import (
    ALL_REPOSITORIES,
    Account,
    FollowedOwner,
    Job,
    Priority,
    Repository,
    Task,
)
from gitstars.store import follows, repositories
from gitstars.store.database import Database
from gitstars.supervise.views import time_or_none

logger = logging.getLogger(__name__)

NOBODY = f"{api.NOBODY_HERE}, so nobody can ask GitHub; {api.SIGN_IN_ADVICE}"


class Finder(Protocol):
    """Asks GitHub with these accounts. Both raise NotKnown and GitHubAway."""

    def repository(self, accounts: Sequence[Account], name: str) -> tuple[Account, Repository]: ...

    def owner(self, accounts: Sequence[Account], login: str) -> tuple[Account, FollowedOwner, int]:
        """The owner, and how many public repositories it has."""
        ...


class FollowDesk:
    """All methods may raise DatabaseError. ``find_accounts`` gives the accounts that could ask now;
    ``put`` queues a job.
    """

    def __init__(
        self,
        database: Database,
        finder: Finder,
        find_accounts: Callable[[], Sequence[Account]],
        takes_private: bool,
        put: Callable[[Job], object] = lambda job: None,
    ) -> None:
        self._database = database
        self._finder = finder
        self._find_accounts = find_accounts
        self._takes_private = takes_private
        self._put = put

    def follow(self, name: str) -> api.Followed:
        """Follow a repository (``owner/name``), or an owner's public repositories. Raises NotKnown,
        NotNow and GitHubAway.
        """
        if "/" not in name:
            return self._follow_owner(name)
        account, place = self._finder.repository(self._require_accounts(), name)
        if place.is_private and not self._takes_private:
            raise NotNow(
                f"{place.full_name} is private, and collect.private is off; set it to true to "
                "collect private repositories"
            )
        was_there = self._is_followed(place)
        (kept,) = follows.follow(self._database, account.user_id, [place])
        self._put(Job(account.user_id, kept, Priority.REQUESTED))
        logger.info("%s is followed on request", place.full_name)
        return api.Followed(
            name=place.full_name,
            kind="repository",
            is_new=not was_there,
            login=account.login,
            repositories=1,
        )

    def unfollow(self, name: str) -> api.Unfollowed:
        """Follow a repository or an owner no more. What is stored stays. Raises NotKnown and
        NotNow.
        """
        if "/" not in name:
            owner = follows.find_owner(self._database, name)
            if owner is None:
                raise NotKnown(f"{name} is not followed; `gitstars follow` lists what is")
            follows.unfollow_owner(self._database, owner[0])
            logger.info("the owner %s is followed no more", owner[1])
            return api.Unfollowed(name=owner[1], kind="owner")
        view = repositories.find(self._database, name)
        if view is None or not follows.unfollow(self._database, view.key):
            owners = [] if view is None else follows.owners_of(self._database, view.key)
            if owners:
                raise NotNow(
                    f"{name} is followed because its owner is; `gitstars unfollow {owners[0]}` "
                    "ends that for all repositories of that owner"
                )
            raise NotKnown(f"{name} is not followed; `gitstars follow` lists what is")
        logger.info("%s is followed no more", view.full_name)
        return api.Unfollowed(name=view.full_name, kind="repository")

    def list_follows(self) -> api.Follows:
        """What is followed: owners first, each kind by name."""
        logins = {account.user_id: account.login for account in self._find_accounts()}
        return api.Follows(
            follows=[
                api.Follow(
                    name=one.name,
                    kind="repository" if one.repositories is None else "owner",
                    repositories=1 if one.repositories is None else one.repositories,
                    login=logins.get(one.user_id or 0),
                    followed_at=time_or_none(one.followed_at),
                )
                for one in follows.list_all(self._database)
            ]
        )

    def _follow_owner(self, login: str) -> api.Followed:
        account, owner, count = self._finder.owner(self._require_accounts(), login)
        is_new = follows.follow_owner(self._database, account.user_id, owner)
        job = Job(account.user_id, ALL_REPOSITORIES, Priority.OWN, task=Task.FOLLOWED)
        self._put(job)
        logger.info("the owner %s is followed on request", owner.login)
        return api.Followed(
            name=owner.login,
            kind="owner",
            is_new=is_new,
            login=account.login,
            repositories=count,
        )

    def _is_followed(self, place: Repository) -> bool:
        view = repositories.find(self._database, str(place.github_id))
        return view is not None and follows.is_followed(self._database, view.key)

    def _require_accounts(self) -> Sequence[Account]:
        """The accounts that could ask. Raises NotNow where there is none."""
        accounts = self._find_accounts()
        if not accounts:
            raise NotNow(NOBODY)
        return accounts
