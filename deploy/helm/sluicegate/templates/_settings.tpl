{{/*
What the injector is told, one file: the values under `settings`, and what the chart knows by itself.
*/}}
{{- define "sluicegate.settings" -}}
{{- $settings := deepCopy .Values.settings -}}
{{- $version := .Capabilities.KubeVersion -}}
{{- $known := dict
  "version" 1
  "image" (include "sluicegate.image" .)
  "kubernetes" (printf "%s.%s" $version.Major (regexFind "^[0-9]+" $version.Minor))
  "exempt_namespaces" (concat (list .Release.Namespace) .Values.injector.excludedNamespaces | uniq)
-}}
{{- mergeOverwrite $known $settings | toYaml -}}
{{- end -}}

{{/*
Names that pods may have their policy from, under any namespace's choice, as one regular expression.
*/}}
{{- define "sluicegate.policies" -}}
{{- $patterns := list -}}
{{- range $choice := prepend (values (.settings.namespaces | default dict)) .settings -}}
{{- $policy := $choice.policy | default dict -}}
{{- with get $policy $.one -}}{{- $patterns = append $patterns . -}}{{- end -}}
{{- $patterns = concat $patterns (get $policy $.many | default list) -}}
{{- end -}}
{{- $quoted := list -}}
{{- range $patterns | uniq | sortAlpha -}}
{{- $quoted = append $quoted (regexQuoteMeta . | replace "\\*" ".*" | replace "\\{app\\}" "[a-z0-9.-]+") -}}
{{- end -}}
{{- join "|" $quoted -}}
{{- end -}}
