# One image for both processes: `controller` or `serve` is its argument (see deploy/).
# It runs as a number without a name or a home, and writes nothing outside /dev/shm, so its root can be read-only.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r requirements/build.txt
RUN python -m venv /opt/netpol-registry && /opt/netpol-registry/bin/pip install --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY registry registry
COPY schemas schemas
COPY default_templates default_templates
RUN /opt/build/bin/hatchling build -t wheel -d /opt/wheels
RUN /opt/netpol-registry/bin/pip install --no-deps /opt/wheels/*.whl

FROM python:3.11-slim
COPY --from=build /opt/netpol-registry /opt/netpol-registry
ENV PATH=/opt/netpol-registry/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["netpol-registry"]
