{{/* What every object of the chart carries. */}}
{{- define "atrium.labels" -}}
app.kubernetes.io/name: atrium
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* What selects the pods of one component; called with (list $ "operator"). */}}
{{- define "atrium.selector" -}}
app.kubernetes.io/name: atrium
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* metadata of an object of one component; called with (list $ "operator" name). */}}
{{- define "atrium.metadata" -}}
name: {{ index . 2 }}
namespace: {{ (index . 0).Release.Namespace }}
labels:
  {{- include "atrium.labels" (index . 0) | nindent 2 }}
  app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Reference of an image; called with (list $ .Values.image). */}}
{{- define "atrium.image" -}}
{{- with index . 1 -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default (index $ 0).Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{- define "atrium.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Pods meet the restricted pod security standard; called with a user's number. */}}
{{- define "atrium.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "atrium.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Replicas keep away from each other where there is room; called with (list $ "operator"). */}}
{{- define "atrium.spread" -}}
{{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- include "atrium.selector" $ | nindent 6 }}
{{- end }}
{{- end }}

{{- define "atrium.installation" -}}
{{- required "installation: choose a name for this installation, unique among your clusters and never to be changed, for example --set installation=prod-sh" .Values.installation -}}
{{- end }}

{{- define "atrium.baseDomain" -}}
{{- required "baseDomain: choose the domain under which each company gets its address, for example --set baseDomain=office.example.com" .Values.baseDomain -}}
{{- end }}

{{- define "atrium.recipient" -}}
{{- required "recovery.recipient: make an age identity off the cluster (age-keygen -o recovery-identity.txt) and give its public line, for example --set recovery.recipient=age1…" .Values.recovery.recipient -}}
{{- end }}
