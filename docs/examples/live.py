"""Practise from Python: streams a 16 kHz mono WAV file live and prints what is heard and the report. Nothing is lost when
the connection breaks or the server is killed and started again: sound is kept until it is acknowledged.
   pip install websockets; python3 live.py answer.wav"""
import asyncio, json, struct, sys, time, wave, websockets

URL = "ws://localhost:8000/v1/session/from-python-%d" % time.time()
PIECE, GIVE_UP_S = 1600, 60  # 100 ms; a broken session waits for its client so long


class Client:
    def __init__(self, sound):
        self.sound, self.said = sound, 0   # samples that were "spoken" so far
        self.kept = []                     # (microseconds, bytes): not on the server's disk yet
        self.token, self.seq, self.done = None, 0, False

    async def speak(self):
        """The microphone: a piece every 100 ms, whether there is a connection or not."""
        while piece := self.sound.readframes(PIECE):
            self.kept.append((self.said * 1000000 // 16000, piece))
            self.said += len(piece) // 2
            await self.new.put(self.kept[-1])
            await asyncio.sleep(0.1)
        self.finished = True
        await self.new.put(None)

    async def send(self, ws):
        try:
            while item := await self.new.get():
                await ws.send(struct.pack("<BQ", 2, item[0]) + item[1])
            await ws.send(json.dumps({"type": "finish"}))
        except websockets.ConnectionClosed:
            pass  # talk() sees it too, and what was not acknowledged is sent again

    async def talk(self, ws):
        start = {"type": "start", "sample_rate": 16000, "language": "en", "question": "Why you?", "acks": True}
        if self.token:
            start |= {"resume": self.token, "last_seq": self.seq}
        await ws.send(json.dumps(start))
        sender = None
        async for message in ws:
            event = json.loads(message)
            kind = event["type"]
            if kind == "ready":
                self.token, self.broken = event["resume"], None
                self.seq = min(self.seq, event.get("seq", 0))  # what lies behind it is told anew
                self.new = asyncio.Queue()
                for us, piece in self.kept:                    # overlap is dropped by its time
                    if us + len(piece) // 2 * 1000000 // 16000 > event["audio_us"]:
                        self.new.put_nowait((us, piece))
                if self.finished:
                    self.new.put_nowait(None)
                sender = sender or asyncio.create_task(self.send(ws))
                self.voice = self.voice or asyncio.create_task(self.speak())
            elif kind == "ack":
                self.kept = [k for k in self.kept if k[0] + len(k[1]) // 2 * 1000000 // 16000 > event["audio_us"]]
            elif sender and event.get("seq", self.seq + 1) > self.seq:  # numbered: each is taken once
                self.seq = event.get("seq", self.seq)
                print(kind, event.get("text") or event.get("detail") or event.get("report", {}).get("scores") or "")
                self.done = self.done or kind == "report"
        if sender:
            sender.cancel()

    async def run(self):
        self.voice, self.finished, self.broken = None, False, None
        while not self.done:
            try:
                async with websockets.connect(URL, max_size=None) as ws:
                    await self.talk(ws)
            except (OSError, websockets.WebSocketException) as e:
                if isinstance(e, websockets.ConnectionClosed) and e.rcvd and e.rcvd.code == 1008:
                    sys.exit(str(e))  # refused: coming back changes nothing
                if not self.broken:
                    print("broken:", e, file=sys.stderr)
            self.broken = self.broken or time.time()
            if not self.done and time.time() - self.broken > GIVE_UP_S:
                sys.exit("the server did not come back")
            await asyncio.sleep(0 if self.done else 0.5)


asyncio.run(Client(wave.open(sys.argv[1])).run())
