"""nginx, one worker, passing on what an OpenAI server says."""

import argparse
import subprocess
from pathlib import Path

CONFIG = """
worker_processes 1;
daemon off;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        location / {{
            proxy_pass {upstream};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""

parser = argparse.ArgumentParser()
parser.add_argument("--port", required=True)
parser.add_argument("--upstream", required=True)
given = parser.parse_args()
Path("nginx.conf").write_text(CONFIG.format(port=given.port, upstream=given.upstream))
subprocess.run(["nginx", "-p", ".", "-c", "nginx.conf", "-e", "stderr"], check=True)
