"""An eye drawn by hand: a grid of vessels around a dark disc."""

import cv2
import numpy as np

MM = 3 / 304


def drawn_eye(side=304, seed=0):
    """A grid of vessels around a dark disc, with noise; return pixels, vessels, FAZ."""
    mm = 3 / side
    canvas = np.zeros((4 * side, 4 * side), np.uint8)
    width = round(4 * 0.025 / mm)
    for at in np.arange(0.1, 3, 0.15):
        k = round(4 * at / mm)
        cv2.line(canvas, (k, 0), (k, 4 * side), 255, width)
        cv2.line(canvas, (0, k), (4 * side, k), 255, width)
    cv2.circle(canvas, (2 * side, 2 * side), round(4 * 0.35 / mm), 0, cv2.FILLED)
    y, x = np.mgrid[:side, :side]
    faz = np.hypot(y + 0.5 - side / 2, x + 0.5 - side / 2) < 0.35 / mm
    share = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA) / 255
    noise = np.random.default_rng(seed).normal(0, 0.04, share.shape)
    image = np.where(faz, 0.06, 0.2) + 0.45 * share + noise
    return (255 * np.clip(image, 0, 1)).astype(np.uint8), share > 0.5, faz
