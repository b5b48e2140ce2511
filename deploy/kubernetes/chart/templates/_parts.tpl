{{- /* Metadata of an object: (list root name process); the process is empty for what belongs to all of them. */ -}}
{{- define "medv.metadata" -}}
{{- $root := index . 0 -}}
metadata:
  name: {{ index . 1 }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "medv.labels" (index . 2) | nindent 4 }}
{{- end }}

{{- define "medv.labels" -}}
{{- if . -}}
app.kubernetes.io/name: {{ . }}
{{ end -}}
app.kubernetes.io/part-of: medv
{{- end }}

{{- /* Selects the three processes, and not the job that fetches weights. */ -}}
{{- define "medv.processes" -}}
matchLabels:
  {{- include "medv.labels" "" | nindent 2 }}
matchExpressions:
  - key: app.kubernetes.io/name
    operator: In
    values: [gateway, vision, diffusion]
{{- end }}

{{- define "medv.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "medv.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end }}

{{- /* Volume with the list of checksums. */ -}}
{{- define "medv.sums" -}}
- name: sums
  configMap:
    name: medv-checkpoint
    items:
      - key: SHA256SUMS
        path: SHA256SUMS
{{- end }}
