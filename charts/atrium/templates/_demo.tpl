{{/* Who uses the demo's servers: the operator, and the pods of companies. */}}
{{- define "atrium.clients" -}}
- podSelector: {matchLabels: {app.kubernetes.io/component: operator}}
- namespaceSelector:
    matchExpressions: [{key: atrium.dev/tenant-id, operator: Exists}]
{{- end }}

{{/* The volume of a demo server; called with (list $ size). */}}
{{- define "atrium.volume" -}}
volumeClaimTemplates:
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: {name: data}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with (index . 0).Values.demo.storageClassName }}
      storageClassName: {{ . }}
      {{- end }}
      resources: {requests: {storage: {{ index . 1 }}}}
{{- end }}
