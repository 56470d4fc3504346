"""The animated mesh in three.js, as a page shows it: needs Chromium and a folder of three.js.

    FACEDIT_THREE=node_modules/three pytest -m full tests/motion/test_gltf_page.py

``FACEDIT_PICTURES`` names a folder that keeps what was seen.
"""

import os
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from browser import CHROMIUM, browser
from facedit.cli.main import main
from facedit.motion.live_link import WEIGHTS, read_live_link

THREE = os.environ.get("FACEDIT_THREE")
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<body style="margin:0">
<script type="importmap">{"imports": {"three": "./three/build/three.module.js"}}</script>
<script type="module">
import * as THREE from 'three';
import { GLTFLoader } from './three/examples/jsm/loaders/GLTFLoader.js';
const file = await new GLTFLoader().loadAsync('./face.glb');
const scene = new THREE.Scene(), camera = new THREE.PerspectiveCamera(30, 1, 0.01, 10);
scene.background = new THREE.Color(0x223344);
scene.add(file.scene, new THREE.HemisphereLight(0xffffff, 0x333344, 2));
const sun = new THREE.DirectionalLight(0xffffff, 2); sun.position.set(0.3, 0.4, 1); scene.add(sun);
camera.position.set(0, -0.03, 0.45); camera.lookAt(0, -0.03, 0);
const draw = new THREE.WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
draw.setSize(512, 512); document.body.append(draw.domElement);
const mixer = new THREE.AnimationMixer(file.scene);
mixer.clipAction(file.animations[0]).play();
window.at = time_s => {
  mixer.setTime(time_s); file.scene.updateMatrixWorld(true); draw.render(scene, camera);
  const mesh = file.scene.getObjectByProperty('isMesh', true);
  return { weights: Object.fromEntries(Object.entries(mesh.morphTargetDictionary).map(
    ([name, k]) => [name, mesh.morphTargetInfluences[k]])), length_s: file.animations[0].duration };
};
document.title = 'ready';
</script>"""


@pytest.mark.full
@pytest.mark.skipif(CHROMIUM is None or THREE is None, reason="no Chromium, or no FACEDIT_THREE")
def test_three_js_plays_what_was_drawn(tmp_path: Path) -> None:
    given = ["generate", "--text", "Mama, who saw the moon?", "--no-progress", "-o"]
    assert main([*given, str(tmp_path / "face.glb")]) == 0
    assert main([*given, str(tmp_path / "same.csv")]) == 0
    assert main([*given, str(tmp_path / "arrays.npz")]) == 0
    values = np.load(tmp_path / "arrays.npz")
    (tmp_path / "page.html").write_text(PAGE)
    (tmp_path / "three").symlink_to(Path(str(THREE)).resolve())
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with browser(tmp_path / "profile", 512, 512) as page:
            page.go(f"http://127.0.0.1:{server.server_port}/page.html")
            page.until("document.title === 'ready'")
            jaw = read_live_link(tmp_path / "same.csv").values[:, WEIGHTS.index("JawOpen")]
            sizes = []
            for name, frame in (("closed", int(jaw.argmin())), ("open", int(jaw.argmax()))):
                shown = page.js(f"window.at({frame / 25 + 1e-4})")
                assert shown["length_s"] == pytest.approx((len(jaw) - 1) / 25, abs=1e-3)
                for dim in ("lips_00", "lips_01", "face_00"):
                    true = values["values"][frame, list(values["names"]).index(dim)]
                    assert shown["weights"][dim] == pytest.approx(true, abs=0.05)
                picture = tmp_path / f"{name}.png"
                page.picture(picture)
                sizes.append(picture.read_bytes())
                if kept := os.environ.get("FACEDIT_PICTURES"):
                    shutil.copy(picture, Path(kept) / f"three-{name}.png")
            assert sizes[0] != sizes[1]
            assert page.complaints == []
        server.shutdown()
