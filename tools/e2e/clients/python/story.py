"""The story of a person with a client that openapi-python-client generated of /openapi.json.

A database with a config set, and an app that requires it. Prints what it has made.
"""

import json
import os
import time
import uuid

import httpx
from plane import AuthenticatedClient
from plane.api.app import app_create, app_show, app_update
from plane.api.cluster import cluster_list
from plane.api.configset import configset_create
from plane.api.job import job_show
from plane.api.service import service_create_postgresql
from plane.api.account import account_list
from plane.models import (
    AppCreateBody,
    AppUpdateBody,
    ConfigsetCreateBody,
    Error,
    JobShowResponse200Status,
    ServiceCreatePostgresqlBody,
)



class WithRetries(httpx.HTTPTransport):
    """Repeats a request that a busy plane delays, each time with the same idempotency key."""

    def handle_request(self, request):
        request.headers["idempotency-key"] = str(uuid.uuid4())
        while (response := super().handle_request(request)).status_code == 503:
            response.close()
            time.sleep(int(response.headers.get("retry-after", "1")))
        return response


api = AuthenticatedClient(
    base_url=os.environ["RUNOS_API_URL"],
    token=os.environ["RUNOS_API_KEY"],
    timeout=httpx.Timeout(60),
    httpx_args={"transport": WithRetries()},
)
cid = os.environ["RUNOS_CLUSTER_ID"]


def answer_of(answer):
    """The answer of a successful request."""
    if answer is None or isinstance(answer, Error):
        raise SystemExit(f"refused: {answer}")
    return answer


def completed(job_id):
    while True:
        job = answer_of(job_show.sync(job_id, client=api))
        if job.status == JobShowResponse200Status.COMPLETED:
            return
        if job.status in (JobShowResponse200Status.FAILED, JobShowResponse200Status.CANCELLED):
            raise SystemExit(f"job {job_id}: {job.error}")
        time.sleep(0.2)


aid = answer_of(account_list.sync(client=api)).accounts[0].aid
if not any(cluster.cid == cid for cluster in answer_of(cluster_list.sync(aid, client=api)).clusters):
    raise SystemExit(f"cluster {cid} is not listed")

settings = {"name": "generated-python", "type": "postgresql", "values": {"max_connections": "120"}}
config_set = answer_of(configset_create.sync(aid, client=api, body=ConfigsetCreateBody.from_dict(settings)))
database = answer_of(
    service_create_postgresql.sync(
        aid,
        cid,
        client=api,
        body=ServiceCreatePostgresqlBody(name="generated-orders", config_set_id=config_set.set_id),
    )
)
completed(database.job_id)

shop = {
    "name": "generated-shop",
    "image": "ghcr.io/acme/shop:1.4",
    "servicePortMappings": [{"port": 8080}],
    "requires": {"db": {"type": "postgresql", "id": database.id, "env": {"url": "DATABASE_URL"}}},
}
app = answer_of(app_create.sync(aid, cid, client=api, body=AppCreateBody.from_dict(shop)))
completed(app.job_id)
updated = answer_of(app_update.sync(aid, cid, app.id, client=api, body=AppUpdateBody(replicas=2)))
completed(updated.job_id)
shown = answer_of(app_show.sync(aid, cid, app.id, client=api))
refused = app_update.sync_detailed(aid, cid, app.id, client=api, body=AppUpdateBody(replicas=21))
print(
    json.dumps(
        {
            "app": app.osid,
            "database": database.osid,
            "replicas": shown.replicas,
            "resourceRequirementClassId": shown.resource_requirement_class_id,
            "refusal": {"status": refused.status_code, "code": refused.parsed.code},
        }
    )
)
