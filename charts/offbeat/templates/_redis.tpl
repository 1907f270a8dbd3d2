{{/* The Secret that holds the Redis URL, as {name, key} in JSON. */}}
{{- define "offbeat.redisSecret" -}}
{{- $existing := .Values.redis.existingSecret -}}
{{- if and .Values.redis.url $existing.name -}}
  {{- fail "\n\nOffbeat: redis.url and redis.existingSecret.name are both set. Keep one of them." -}}
{{- else if $existing.name -}}
  {{- dict "name" $existing.name "key" $existing.key | toJson -}}
{{- else if .Values.redis.url -}}
  {{- dict "name" (printf "%s-redis" (include "offbeat.fullname" .)) "key" "redis-url" | toJson -}}
{{- else -}}
  {{- fail "\n\nOffbeat needs a Redis. Set one of\n  redis.url=redis://[user:password@]host:6379/0\n  redis.existingSecret.name=<Secret with the URL under the key redis-url>" -}}
{{- end -}}
{{- end -}}

{{/* The one that Jobs read. */}}
{{- define "offbeat.redisSecretOfJobs" -}}
{{- $own := .Values.analyzer.redis.existingSecret -}}
{{- if $own.name -}}
  {{- dict "name" $own.name "key" $own.key | toJson -}}
{{- else -}}
  {{- include "offbeat.redisSecret" . -}}
{{- end -}}
{{- end -}}

{{- define "offbeat.redisEnv" -}}
{{- $secret := include "offbeat.redisSecret" . | fromJson -}}
- name: OFFBEAT_REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ $secret.name | quote }}
      key: {{ $secret.key | quote }}
{{- if ne (include "offbeat.redisCa" .) "null" }}
- name: OFFBEAT_REDIS_CA_FILE
  value: /etc/offbeat-redis-ca/ca.crt
{{- end }}
- name: OFFBEAT_ANALYSIS_QUEUE
  value: {{ .Values.queues.analysis | quote }}
- name: OFFBEAT_RESULTS_QUEUE
  value: {{ .Values.queues.results | quote }}
{{- end -}}

{{/* Where the CA of Redis is, as {secret or configMap, key} in JSON; null where everybody knows it. */}}
{{- define "offbeat.redisCa" -}}
{{- $secret := .Values.redis.ca.existingSecret -}}
{{- $configMap := .Values.redis.ca.existingConfigMap -}}
{{- if and $secret.name $configMap.name -}}
  {{- fail "\n\nOffbeat: redis.ca.existingSecret.name and redis.ca.existingConfigMap.name are both set. Keep one of them." -}}
{{- else if $secret.name -}}
  {{- dict "secret" $secret.name "key" $secret.key | toJson -}}
{{- else if $configMap.name -}}
  {{- dict "configMap" $configMap.name "key" $configMap.key | toJson -}}
{{- else -}}
  null
{{- end -}}
{{- end -}}

{{/* Items for volumeMounts and for volumes, or nothing. */}}
{{- define "offbeat.redisCaMount" -}}
{{- if ne (include "offbeat.redisCa" .) "null" -}}
- name: redis-ca
  mountPath: /etc/offbeat-redis-ca
  readOnly: true
{{- end -}}
{{- end -}}

{{- define "offbeat.redisCaVolume" -}}
{{- $json := include "offbeat.redisCa" . -}}
{{- if ne $json "null" -}}
{{- $ca := fromJson $json -}}
{{- $items := list (dict "key" $ca.key "path" "ca.crt") -}}
- name: redis-ca
  {{- if $ca.secret }}
  secret:
    secretName: {{ $ca.secret | quote }}
    items: {{- toYaml $items | nindent 6 }}
  {{- else }}
  configMap:
    name: {{ $ca.configMap | quote }}
    items: {{- toYaml $items | nindent 6 }}
  {{- end }}
{{- end -}}
{{- end -}}
