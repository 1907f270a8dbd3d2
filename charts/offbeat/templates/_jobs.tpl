{{/* A copy of a map without what is null in it, as JSON: so null takes a default away. */}}
{{- define "offbeat.withoutNulls" -}}
{{- $kept := dict -}}
{{- range $name, $value := . -}}
  {{- if kindIs "map" $value -}}
    {{- $_ := set $kept $name (include "offbeat.withoutNulls" $value | fromJson) -}}
  {{- else if not (kindIs "invalid" $value) -}}
    {{- $_ := set $kept $name $value -}}
  {{- end -}}
{{- end -}}
{{- toJson $kept -}}
{{- end -}}

{{/* The volume source of the audio files, as JSON. */}}
{{- define "offbeat.audioVolume" -}}
{{- if and .Values.audio.existingClaim .Values.audio.volume -}}
  {{- fail "\n\nOffbeat: audio.existingClaim and audio.volume are both set. Keep one of them." -}}
{{- else if .Values.audio.existingClaim -}}
  {{- dict "persistentVolumeClaim" (dict "claimName" .Values.audio.existingClaim "readOnly" true) | toJson -}}
{{- else if .Values.audio.volume -}}
  {{- toJson .Values.audio.volume -}}
{{- else -}}
  {{- fail "\n\nOffbeat needs the audio files. Set one of\n  audio.existingClaim=<PersistentVolumeClaim>\n  audio.volume=<any volume source, such as {nfs: {server: …, path: …}}>" -}}
{{- end -}}
{{- end -}}

{{/* The volume source that Jobs may write to, as JSON; null where there is none. */}}
{{- define "offbeat.outputVolume" -}}
{{- if and .Values.output.existingClaim .Values.output.volume -}}
  {{- fail "\n\nOffbeat: output.existingClaim and output.volume are both set. Keep one of them." -}}
{{- else if and (or .Values.output.existingClaim .Values.output.volume) (eq .Values.output.mountPath .Values.audio.mountPath) -}}
  {{- fail "\n\nOffbeat: output.mountPath and audio.mountPath are the same. Change one of them." -}}
{{- else if .Values.output.existingClaim -}}
  {{- dict "persistentVolumeClaim" (dict "claimName" .Values.output.existingClaim) | toJson -}}
{{- else if .Values.output.volume -}}
  {{- toJson .Values.output.volume -}}
{{- else -}}
  null
{{- end -}}
{{- end -}}

{{/* What the controller reads as jobs.json: what Jobs have in common, and every profile in full. */}}
{{- define "offbeat.jobs" -}}
{{- $root := . -}}
{{- $default := .Values.profiles.default -}}
{{- $profiles := dict -}}
{{- range $name, $own := .Values.profiles -}}
  {{- $profile := mergeOverwrite (deepCopy $default) (deepCopy $own) -}}
  {{- $image := $profile.image | default (include "offbeat.image" (list $root $root.Values.analyzer.image)) -}}
  {{- $policy := $profile.imagePullPolicy | default $root.Values.image.pullPolicy -}}
  {{- $profile = mergeOverwrite $profile (dict "image" $image "imagePullPolicy" $policy) -}}
  {{- $_ := set $profiles $name (include "offbeat.withoutNulls" $profile | fromJson) -}}
{{- end -}}
{{- $output := include "offbeat.outputVolume" . -}}
{{- $ca := include "offbeat.redisCa" . -}}
{{- dict
  "audioVolume" (include "offbeat.audioVolume" . | fromJson)
  "outputVolume" (ternary nil (fromJson $output) (eq $output "null"))
  "redisUrlSecret" (include "offbeat.redisSecretOfJobs" . | fromJson)
  "redisCa" (ternary nil (fromJson $ca) (eq $ca "null"))
  "podSecurityContext" .Values.analyzer.podSecurityContext
  "serviceAccountName" (.Values.analyzer.serviceAccountName | default (printf "%s-analyzer" (include "offbeat.fullname" .)))
  "imagePullSecrets" .Values.image.pullSecrets
  "env" .Values.analyzer.env
  "profiles" $profiles
  | toPrettyJson -}}
{{- end -}}
