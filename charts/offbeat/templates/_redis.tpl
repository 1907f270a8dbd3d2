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

{{- define "offbeat.redisEnv" -}}
{{- $secret := include "offbeat.redisSecret" . | fromJson -}}
- name: OFFBEAT_REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ $secret.name }}
      key: {{ $secret.key }}
- name: OFFBEAT_ANALYSIS_QUEUE
  value: {{ .Values.queues.analysis | quote }}
- name: OFFBEAT_RESULTS_QUEUE
  value: {{ .Values.queues.results | quote }}
{{- end -}}
