{{/* The flags of `trimtab run`. */}}
{{- define "trimtab.arguments" -}}
- run
- --mode={{ .Values.mode }}
{{- range .Values.watchNamespaces }}
- --namespace={{ . }}
{{- end }}
{{- if .Values.leaderElection.enabled }}
- --lease={{ include "trimtab.leaseName" . }}
- --lease-namespace=$(POD_NAMESPACE)
- --identity=$(POD_NAME)
{{- else }}
- --no-leader-election
{{- end }}
- --prometheus-url={{ .Values.prometheus.url }}
{{- range $name, $value := .Values.prometheus.headers }}
- {{ printf "--prometheus-header=%s: %s" $name $value | quote }}
{{- end }}
{{- if .Values.prometheus.bearerTokenSecret }}
- --prometheus-bearer-token-file=/etc/trimtab/prometheus/token
{{- end }}
{{- if .Values.profile.volume }}
- --profile=/etc/trimtab/profile/{{ .Values.profile.file }}
{{- end }}
- --journal=/var/lib/trimtab
- --listen-metrics={{ .Values.listen.address }}:{{ .Values.listen.metrics }}
- --listen-health={{ .Values.listen.address }}:{{ .Values.listen.health }}
- --listen-otlp={{ .Values.listen.address }}:{{ .Values.listen.otlpHttp }}
- --listen-otlp={{ .Values.listen.address }}:{{ .Values.listen.otlpGrpc }}
- --log-format=json
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}
