"""Practise from Python: streams a 16 kHz mono WAV file live and prints what is heard and the report.
   pip install websockets; python3 live.py answer.wav"""
import asyncio, json, struct, sys, time, wave, websockets

async def main():
    async with websockets.connect("ws://localhost:8000/v1/session/from-python-%d" % time.time(), max_size=None) as ws:
        await ws.send(json.dumps({"type": "start", "sample_rate": 16000, "language": "en", "question": "Why you?"}))
        sound = wave.open(sys.argv[1])
        for us in range(0, sound.getnframes() * 1000000 // 16000, 100000):  # 100 ms pieces, numbered by their time
            await ws.send(struct.pack("<BQ", 2, us) + sound.readframes(1600))
        await ws.send(json.dumps({"type": "finish"}))
        async for message in ws:
            event = json.loads(message)
            print(event["type"], event.get("text") or event.get("report", {}).get("scores") or "")

asyncio.run(main())
