{{/* What every object is called, or begins with. */}}
{{- define "sluicegate.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sluicegate.injector" -}}
{{- include "sluicegate.name" . }}-injector
{{- end -}}

{{/* The Secret that the injector's certificate lies in. */}}
{{- define "sluicegate.secret" -}}
{{- if eq .Values.certificate.source "secret" -}}
{{- required "certificate.secret.name: name the Secret with tls.crt and tls.key" .Values.certificate.secret.name -}}
{{- else -}}
{{- include "sluicegate.injector" . }}-tls
{{- end -}}
{{- end -}}

{{/* The image, by its digest where there is one. */}}
{{- define "sluicegate.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "sluicegate.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: injector
{{- end -}}

{{- define "sluicegate.labels" -}}
{{ include "sluicegate.selector" . }}
app.kubernetes.io/part-of: sluicegate
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* The names that the API server calls the injector by. */}}
{{- define "sluicegate.hosts" -}}
{{- $service := include "sluicegate.injector" . -}}
- {{ $service }}.{{ .Release.Namespace }}.svc
- {{ $service }}.{{ .Release.Namespace }}.svc.cluster.local
{{- end -}}

{{/* Namespaces that are enrolled. The release's own first: an injector that must admit itself never starts again. */}}
{{- define "sluicegate.namespaces" -}}
matchExpressions:
  - key: sluicegate.dev/injection
    operator: In
    values:
      - enabled
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values:
      {{- concat (list .Release.Namespace) .Values.injector.excludedNamespaces | uniq | toYaml | nindent 6 }}
{{- end -}}
