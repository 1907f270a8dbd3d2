{{/* What every object's name begins with: the release, and the chart's name unless the release has it already. */}}
{{- define "offbeat.fullname" -}}
{{- $name := ternary .Release.Name (printf "%s-offbeat" .Release.Name) (contains "offbeat" .Release.Name) -}}
{{- $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "offbeat.selectorLabels" -}}
app.kubernetes.io/name: offbeat
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "offbeat.labels" -}}
app.kubernetes.io/name: offbeat
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* One image reference. Takes a list: the root context, {repository, tag, digest}. */}}
{{- define "offbeat.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $root.Values.image.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default $root.Chart.AppVersion }}{{ end -}}
{{- end -}}
