"""The shapes of the admin API as JSON Schema: every property is required and no other is there,
unless a shape says otherwise.
"""

from typing import Any

from gitstars.model import Status

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
WHOLE: Schema = {"type": "integer", "minimum": 0}
WHOLE_OR_NULL: Schema = {"type": ["integer", "null"], "minimum": 0}
NUMBER: Schema = {"type": "number", "minimum": 0}
NUMBER_OR_NULL: Schema = {"type": ["number", "null"], "minimum": 0}
FLAG: Schema = {"type": "boolean"}
FLAG_OR_NULL: Schema = {"type": ["boolean", "null"]}
TIME: Schema = {"type": "string", "format": "date-time"}
TIME_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}
STATUS: Schema = {"enum": [str(status) for status in Status]}
WORKERS: Schema = {"type": "integer", "minimum": 1, "maximum": 1000}


def shape(**properties: Schema) -> Schema:
    """An object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def listed(items: Schema) -> Schema:
    """A list of them."""
    return {"type": "array", "items": items}


def counted(names: Schema | None = None) -> Schema:
    """Numbers by name."""
    return {
        "type": "object",
        "additionalProperties": WHOLE,
        **({"propertyNames": names} if names else {}),
    }


def ref(name: str) -> Schema:
    """A named shape."""
    return {"$ref": f"#/components/schemas/{name}"}


def optional(**properties: Schema) -> Schema:
    """A body: none of these has to be there, nothing else may be."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


BODIES: dict[str, Schema] = {
    "Nothing": optional(),
    "Force": optional(force={**FLAG, "default": False}),
    "Scale": {
        "oneOf": [
            shape(count=WORKERS),
            shape(min=WORKERS, max=WORKERS),
            shape(automatic={"const": True}),
        ]
    },
}

HEALTH: Schema = {"enum": ["healthy", "degraded", "unhealthy"]}
REPOSITORY: dict[str, Schema] = {
    "id": TEXT,
    "full_name": TEXT,
    "github_id": WHOLE_OR_NULL,
    "stars": WHOLE,
    "is_private": FLAG,
    "status": STATUS,
    "reason": TEXT_OR_NULL,
    "notes": TEXT_OR_NULL,
    "processed_stargazers": WHOLE,
    "total_stargazers": WHOLE_OR_NULL,
    "ghosts": WHOLE,
    "last_page": WHOLE,
    "total_pages": WHOLE_OR_NULL,
    "error_count": WHOLE,
    "claimed_by": TEXT_OR_NULL,
    "claimed_at": TIME_OR_NULL,
    "lease_expires_at": TIME_OR_NULL,
    "started_at": TIME_OR_NULL,
    "completed_at": TIME_OR_NULL,
    "next_retry_at": TIME_OR_NULL,
}
ACCESS = shape(
    user_id=WHOLE,
    login=TEXT,
    may_list=FLAG_OR_NULL,
    face=TEXT_OR_NULL,
    text=TEXT_OR_NULL,
    checked_at=TIME_OR_NULL,
    look_again_at=TIME_OR_NULL,
)
BUDGET = shape(limit=WHOLE, remaining=WHOLE_OR_NULL, reset_at=TIME_OR_NULL)
BUDGETS = shape(core=BUDGET, graphql=BUDGET)
BUDGET_SUM = shape(limit=WHOLE, remaining=WHOLE)
WORKER_STATE: Schema = {"enum": ["busy", "waiting", "idle", "retiring"]}
WORKER_COUNTS: dict[str, Schema] = dict.fromkeys(
    ("count", "busy", "waiting", "idle", "retiring", "replaced"), WHOLE
)
DATABASE = shape(
    address=TEXT,
    is_embedded=FLAG,
    reachable=FLAG,
    latency_ms=NUMBER,
    error=TEXT_OR_NULL,
    pool=shape(maximum=WHOLE, idle=WHOLE, in_use=WHOLE, waiting=WHOLE),
)
RESOURCES = shape(
    cpu_percent=NUMBER,
    machine_cpu_percent=NUMBER,
    memory_mb=NUMBER,
    memory_percent=NUMBER,
    open_files=WHOLE,
    disk_free_mb=WHOLE,
)
DUTY = shape(
    name=TEXT,
    runs=WHOLE,
    failures=WHOLE,
    restarts=WHOLE,
    last_run_at=TIME_OR_NULL,
    last_error=TEXT_OR_NULL,
)
TOTALS = shape(
    stars_stored=WHOLE,
    pages_stored=WHOLE,
    repositories_completed=WHOLE,
    repositories_failed=WHOLE,
    repositories_refused=WHOLE,
)
#: ``history`` is there where it was asked for: pairs of epoch seconds and stars a second.
POINT: Schema = {"type": "array", "prefixItems": [WHOLE, NUMBER], "minItems": 2, "maxItems": 2}
RATES: Schema = {
    **optional(stars_per_second=NUMBER, history=listed(POINT)),
    "required": ["stars_per_second"],
}
JOB = shape(repo=TEXT, priority=TEXT, stars=WHOLE, user=TEXT, user_id=WHOLE, task=TEXT)

SCHEMAS: dict[str, Schema] = {
    "Error": shape(error=shape(code=TEXT, message=TEXT)),
    "Stats": shape(
        status=HEALTH,
        reasons=listed(TEXT),
        paused=FLAG,
        version=TEXT,
        uptime_seconds=NUMBER,
        database=DATABASE,
        workers=shape(**WORKER_COUNTS),
        queue=shape(depth=WHOLE, oldest_seconds=NUMBER, is_full=FLAG),
        accounts=shape(count=WHOLE, out=WHOLE),
        budgets=shape(core=BUDGET_SUM, graphql=BUDGET_SUM),
        repositories=counted(),
        counted_at=TIME_OR_NULL,
        totals=TOTALS,
        rates=RATES,
        resources=RESOURCES,
        duties=listed(DUTY),
        at=TIME,
    ),
    "Summary": shape(
        status=HEALTH,
        reasons=listed(TEXT),
        paused=FLAG,
        version=TEXT,
        uptime_seconds=NUMBER,
        repositories=counted(),
        stars_stored=WHOLE,
        stars_per_second=NUMBER,
        waiting=WHOLE,
        workers=WHOLE,
        accounts=WHOLE,
    ),
    "Repository": shape(**REPOSITORY),
    "Repositories": shape(repos=listed(ref("Repository")), total=WHOLE, next=TEXT_OR_NULL),
    "RepositoryDetails": shape(
        **REPOSITORY, access=listed(ACCESS), history=listed(shape(week=TIME, total=WHOLE))
    ),
    "Requested": shape(queued=FLAG, repo=ref("Repository")),
    "Reset": shape(repo=ref("Repository")),
    "Workers": shape(
        **WORKER_COUNTS,
        override={"oneOf": [{"type": "null"}, shape(min=WORKERS, max=WORKERS)]},
        workers=listed(
            shape(
                number=WHOLE,
                state=WORKER_STATE,
                users=listed(WHOLE),
                repositories=listed(TEXT),
                waits_until=TIME_OR_NULL,
                idle_seconds=NUMBER_OR_NULL,
            )
        ),
    ),
    "Scaled": shape(count=WHOLE, min=WHOLE_OR_NULL, max=WHOLE_OR_NULL, automatic=FLAG),
    "Queue": shape(
        depth=WHOLE,
        oldest_seconds=NUMBER,
        by_priority=counted(),
        by_user=listed(shape(user_id=WHOLE, login=TEXT, depth=WHOLE)),
        head=listed(JOB),
    ),
    "Cleared": shape(dropped=WHOLE),
    "UserRequested": shape(user_id=WHOLE, waiting=WHOLE),
    "Accounts": shape(
        accounts=listed(
            shape(
                user_id=WHOLE,
                login=TEXT,
                scopes={"type": ["array", "null"], "items": TEXT},
                access=shape(allowed=WHOLE, refused=WHOLE),
                repositories=shape(total=WHOLE, settled=WHOLE, waiting=WHOLE),
                seconds_left=NUMBER_OR_NULL,
                budgets=BUDGETS,
                cooldown_until=TIME_OR_NULL,
                reason=TEXT_OR_NULL,
            )
        )
    ),
    "Paused": shape(paused=FLAG),
    "Document": {"type": "object", "required": ["openapi", "info", "paths", "components"]},
}
