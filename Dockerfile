# facedit with its weights in one image. The same two steps as on a machine: setup, then a verb.
#
#   docker build -t facedit .                               # TORCH chooses PyTorch's build
#   docker run --rm -v "$PWD:/clips" facedit edit in.mp4 -o out.mp4 --replace Tuesday Thursday
#   docker run --rm --gpus all -v "$PWD:/clips" facedit ...  # PyTorch's CUDA build, --device auto
FROM python:3.12-slim
ARG TORCH=torch==2.13.0
RUN apt-get update && apt-get install -y --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /facedit
COPY . .
ENV FACEDIT_CACHE=/facedit/cache PATH="/facedit/.venv/bin:$PATH"
RUN make setup TORCH="$TORCH" && rm -rf /root/.cache
WORKDIR /clips
ENTRYPOINT ["facedit"]
CMD ["--help"]
