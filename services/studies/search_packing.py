"""Packs what a search proposed, so that it can go on; plain JSON."""

import json
from dataclasses import asdict

from services.optimise.hunt import Proposals


def pack_proposals(proposals: Proposals) -> bytes:
    """Return the proposals of a batch as bytes."""
    return json.dumps(asdict(proposals)).encode()


def read_proposals(payload: bytes) -> Proposals:
    """Return what pack_proposals was given, to the last digit."""
    record = json.loads(payload)
    places = tuple(tuple(place) for place in record.pop("places"))
    return Proposals(places, tuple(record.pop("notes")), **record)
