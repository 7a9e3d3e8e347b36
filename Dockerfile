# frsdk on a CPU: the HTTP service, or any command of frsdk (docs/guide/servers.md).
FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
COPY --from=build /wheels /wheels
COPY constraints.txt /wheels/
RUN set -- /wheels/*.whl \
    && pip install --no-cache-dir -c /wheels/constraints.txt "$1[cpu,heif,parquet,ray]" \
    && useradd --uid 10001 --create-home frsdk \
    && install -d -o frsdk /work
USER 10001
WORKDIR /work
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["frsdk"]
CMD ["serve", "--host", "0.0.0.0"]
