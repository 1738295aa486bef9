"""Autobahn's cases against ws://127.0.0.1:PORT, one line a case: id, behaviour, behaviour of the close.
Run by the Python of tools/setup (kosoku): conformance_client.py PORT CASE..."""
import asyncio, sys
from kosoku import FailureError, run_fuzzingclient


async def main():
    try:
        results = await run_fuzzingclient(f"ws://127.0.0.1:{sys.argv[1]}", sys.argv[2:], concurrency=4)
    except FailureError as e:
        results = e.results
    for r in results:
        print(r.case_id, r.behavior.value, r.behavior_close.value, sep="\t")


asyncio.run(main())
