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
- --listen-metrics=0.0.0.0:{{ .Values.listen.metrics }}
- --listen-health=0.0.0.0:{{ .Values.listen.health }}
- --listen-otlp=0.0.0.0:{{ .Values.listen.otlpHttp }}
- --listen-otlp=0.0.0.0:{{ .Values.listen.otlpGrpc }}
- --peer-otlp-url={{ include "trimtab.scheme" . }}://{holder}.{{ include "trimtab.fullname" . }}-peers.$(POD_NAMESPACE).svc:{{ .Values.listen.otlpHttp }}
{{- if .Values.tls.secret }}
- --tls-certificate=/etc/trimtab/tls/tls.crt
- --tls-key=/etc/trimtab/tls/tls.key
- --peer-ca-file=/etc/trimtab/tls/ca.crt
{{- if .Values.tls.clientCertificates }}
- --tls-client-ca=/etc/trimtab/tls/ca.crt
{{- end }}
{{- else }}
- --allow-clear-text
{{- end }}
- --log-format=json
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}
