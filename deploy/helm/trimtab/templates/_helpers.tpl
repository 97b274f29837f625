{{- define "trimtab.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "trimtab.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "trimtab.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "trimtab.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Names of what belongs to no namespace: two releases of one name must not meet. */}}
{{- define "trimtab.clusterName" -}}
{{- printf "%s:%s" .Release.Namespace (include "trimtab.fullname" .) -}}
{{- end -}}

{{/* The same, where a name is one of DNS. */}}
{{- define "trimtab.policyName" -}}
{{- printf "%s.%s" .Release.Namespace (include "trimtab.fullname" .) -}}
{{- end -}}

{{- define "trimtab.selectorLabels" -}}
app.kubernetes.io/name: {{ include "trimtab.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "trimtab.labels" -}}
{{ include "trimtab.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: controller
app.kubernetes.io/part-of: trimtab
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "trimtab.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "trimtab.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "trimtab.leaseName" -}}
{{- default (include "trimtab.fullname" .) .Values.leaderElection.leaseName -}}
{{- end -}}

{{- define "trimtab.scheme" -}}
{{- if .Values.tls.secret -}}https{{- else -}}http{{- end -}}
{{- end -}}

{{- define "trimtab.image" -}}
{{- printf "%s@%s" .Values.image.repository (required "image.digest is not set: the sha256 that scripts/build_image.sh prints" .Values.image.digest) -}}
{{- end -}}

{{/* What may be read and, with mode Apply, written of workloads; no object of the cluster itself. */}}
{{- define "trimtab.workloadRules" -}}
- apiGroups: [apps]
  resources: [deployments, statefulsets, replicasets]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods, resourcequotas, limitranges]
  verbs: [get, list, watch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [list, watch]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [list, watch]
- apiGroups: [autoscaling.k8s.io]
  resources: [verticalpodautoscalers]
  verbs: [list, watch]
- apiGroups: [trimtab.dev]
  resources: [appscalers]
  verbs: [get, list, watch]
- apiGroups: [trimtab.dev]
  resources: [appscalers/status]
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
- apiGroups: [apps]
  resources: [deployments/scale, statefulsets/scale]
  verbs: [get{{ if eq .Values.mode "Apply" }}, patch{{ end }}]
{{- range .Values.rbac.scalableResources }}
- apiGroups: [{{ .apiGroup | quote }}]
  resources: [{{ .resource }}]
  verbs: [get, list, watch]
- apiGroups: [{{ .apiGroup | quote }}]
  resources: [{{ .resource }}/scale]
  verbs: [get{{ if eq $.Values.mode "Apply" }}, patch{{ end }}]
{{- end }}
{{- if eq .Values.mode "Apply" }}
- apiGroups: [""]
  resources: [pods/resize]
  verbs: [patch]
{{- if .Values.rbac.templates }}
- apiGroups: [apps]
  resources: [deployments, replicasets]
  verbs: [patch]
{{- end }}
{{- end }}
{{- end -}}
