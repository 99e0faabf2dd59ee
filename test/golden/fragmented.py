"""Writes fragmented.json: a fragmented MP4 by the ffmpeg command line, which leaves a hole of 57 ms behind the sound's priming.

Usage: python3 fragmented.py
"""
import base64, json, pathlib, subprocess, tempfile

with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, 'fragmented.mp4')
    inputs = ['-f', 'lavfi', '-i', 'color=red:size=32x32:rate=25:duration=1', '-f', 'lavfi', '-i', 'sine=frequency=440:duration=1']
    codecs = ['-c:v', 'libx264', '-bf', '2', '-c:a', 'aac', '-b:a', '32k', '-movflags', 'frag_keyframe+empty_moov']
    subprocess.run(['ffmpeg', '-v', 'error', *inputs, *codecs, '-bitexact', str(path)], check=True)
    out = {'file': base64.b64encode(path.read_bytes()).decode()}
pathlib.Path(__file__).with_suffix('.json').write_text(json.dumps(out) + '\n')
