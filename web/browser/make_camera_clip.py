"""A clip for Chromium's pretended camera: scikit-image's astronaut, 640 x 480, swaying in 1 s."""

import math
import sys
from pathlib import Path

import cv2
import numpy as np

from frsdk import read_image

WIDTH, HEIGHT, RATE = 640, 480, 60

photo = read_image("sample:astronaut")
with Path(sys.argv[1]).open("wb") as clip:
    clip.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
    for number in range(RATE):
        angle = 2 * math.pi * number / RATE
        turn = cv2.getRotationMatrix2D((224, 110), 6 * math.sin(angle), 1.6)
        turn[:, 2] += np.array([320 - 224 + 40 * math.sin(angle), 230 - 110 + 20 * math.cos(angle)])
        frame = cv2.warpAffine(photo, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        clip.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_BGR2YUV_I420).tobytes())
