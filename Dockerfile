# Everything that `ventanilla` can do: the web process, the sender, the console.
# Two stages: the first installs the pinned packages, the second holds only what runs. No secret is ever built in.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
RUN python -m venv --without-pip /opt/venv
COPY deploy/requirements.lock deploy/
RUN pip --python /opt/venv/bin/python install --require-hashes -r deploy/requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY webhook webhook
RUN pip --python /opt/venv/bin/python install --no-deps --no-build-isolation -e . \
    && /opt/venv/bin/python -m compileall -q bot webhook

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    VENTANILLA_ENV=production \
    VENTANILLA_ROOT=/app \
    VENTANILLA_VAR=/var/lib/ventanilla \
    VENTANILLA_MODELS=/var/lib/ventanilla-models
RUN groupadd --gid 10001 ventanilla \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ventanilla \
    && install -d -o ventanilla -g ventanilla -m 0700 /var/lib/ventanilla /var/lib/ventanilla-complaints
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
COPY flows flows
COPY content content
COPY tests/understanding tests/understanding
# Learned once here, so that a container understands from its first message; examples that staff add are learned beside
# the answering, in the container, which needs 3.5 GB for three minutes then (VENTANILLA_LEARN=0 leaves that to the next image).
RUN VENTANILLA_ENV=development VENTANILLA_VAR=/tmp/learning ventanilla learn && rm -rf /tmp/learning \
    && chown -R ventanilla:ventanilla /var/lib/ventanilla-models
USER 10001:10001
EXPOSE 8000
# Alive, not ready: a lost store must not get the container restarted, it answers without memory meanwhile.
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["ventanilla"]
CMD ["web", "--host", "0.0.0.0", "--port", "8000"]
