"""Sends one request and prints its status and body, or `closed` and why: client.py METHOD URL [BEARER BODY]"""
import http.client
import sys
import urllib.error
import urllib.request

method, url, bearer, body = (sys.argv[1:] + ["", ""])[:4]
headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
if bearer:
    headers["Authorization"] = f"Bearer {bearer}"
request = urllib.request.Request(url, data=body.encode() if body else None, headers=headers, method=method)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    with opener.open(request, timeout=10) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as refused:
    print(refused.code, refused.read().decode())
except (OSError, http.client.HTTPException) as fault:
    print("closed", fault)
