// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ResourceType;
import dev.wayside.workload.VolumeWant.FileContent;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Works out what a pod's volumes should hold. Reads no disk. */
final class VolumeWants {
    private static final int DEFAULT_MODE = 0644;

    private final PodFields fields;
    private final Inputs inputs;

    private VolumeWants(PodFields fields, Inputs inputs) {
        this.fields = fields;
        this.inputs = inputs;
    }

    /**
     * Every volume by its name.
     *
     * @throws InputException if something that a volume needs is not there; the message begins with
     *     the volume's name
     */
    static Map<String, VolumeWant> of(PodFields fields, Inputs inputs) throws InputException {
        VolumeWants wants = new VolumeWants(fields, inputs);
        Map<String, VolumeWant> all = new LinkedHashMap<>();
        for (JsonObject volume : fields.pod().spec().array("volumes").objects()) {
            String name = volume.text("name");
            try {
                all.put(name, wants.want(volume));
            } catch (InputException e) {
                InputException named =
                        new InputException(
                                "MountVolume.SetUp failed for volume \""
                                        + name
                                        + "\" : "
                                        + e.text());
                named.initCause(e);
                throw named;
            }
        }
        return all;
    }

    private VolumeWant want(JsonObject volume) throws InputException {
        if (volume.has("hostPath")) {
            return hostPath(volume.object("hostPath"));
        }
        if (volume.has("persistentVolumeClaim")) {
            return claimed(volume.object("persistentVolumeClaim"));
        }
        if (volume.has("configMap")) {
            JsonObject source = volume.object("configMap");
            return files(ResourceType.CONFIG_MAPS, source, source.text("name"), mode(source));
        }
        if (volume.has("secret")) {
            JsonObject source = volume.object("secret");
            return files(ResourceType.SECRETS, source, source.text("secretName"), mode(source));
        }
        if (volume.has("downwardAPI")) {
            JsonObject source = volume.object("downwardAPI");
            return downward(source, mode(source));
        }
        if (volume.has("projected")) {
            return projected(volume.object("projected"));
        }
        return new VolumeWant.EmptyFolder();
    }

    private static VolumeWant hostPath(JsonObject source) throws InputException {
        String path = source.text("path");
        if (!path.startsWith("/") || List.of(path.split("/")).contains("..")) {
            throw new InputException("hostPath \"" + path + "\" must be absolute, without '..'");
        }
        return new VolumeWant.HostPath(path, source.text("type"));
    }

    /**
     * The claim and its volume must each name the other: what a claim says alone is its user's
     * wish.
     */
    private VolumeWant claimed(JsonObject source) throws InputException {
        String name = source.text("claimName");
        KubeObject claim =
                inputs.find(
                                ResourceType.PERSISTENT_VOLUME_CLAIMS,
                                fields.pod().namespace(),
                                name,
                                false)
                        .orElseThrow();
        String volumeName = claim.spec().text("volumeName");
        if (volumeName.isEmpty()) {
            throw new InputException(
                    "persistentvolumeclaim \"" + name + "\" is not bound to a volume yet");
        }
        KubeObject volume = inputs.volume(volumeName).orElse(null);
        if (volume == null) {
            throw new InputException(
                    "persistentvolume \""
                            + volumeName
                            + "\" of persistentvolumeclaim \""
                            + name
                            + "\" has not been received yet, or is not on this node");
        }
        if (!volume.spec().text("claimRef", "uid").equals(claim.uid())) {
            throw new InputException(
                    "persistentvolume \""
                            + volumeName
                            + "\" is not bound to persistentvolumeclaim \""
                            + name
                            + "\"");
        }
        return folder(volume, source.flag("readOnly"));
    }

    private static VolumeWant folder(KubeObject volume, boolean readOnly) throws InputException {
        boolean made = LocalVolumes.isProvisioned(volume);
        JsonObject spec = volume.spec();
        String path = spec.text(spec.has("local") ? "local" : "hostPath", "path");
        boolean inside = !List.of(path.split("/")).contains("..") && !path.isEmpty();
        if (!inside || (!made && !path.startsWith("/"))) {
            throw new InputException(
                    "persistentvolume \""
                            + volume.name()
                            + "\" must be a hostPath or local volume with an absolute path without"
                            + " '..'");
        }
        if (spec.text("volumeMode").equals("Block")) {
            throw new InputException(
                    "persistentvolume \""
                            + volume.name()
                            + "\" has volumeMode Block, which no gateway has");
        }
        if (spec.has("hostPath") && !readOnly) {
            return new VolumeWant.HostPath(path, spec.text("hostPath", "type"));
        }
        return new VolumeWant.Claimed(volume.name(), volume.uid(), path, made, readOnly);
    }

    private VolumeWant.Files projected(JsonObject source) throws InputException {
        int mode = mode(source);
        Map<String, FileContent> files = new TreeMap<>();
        for (JsonObject part : source.array("sources").objects()) {
            if (part.has("configMap")) {
                JsonObject from = part.object("configMap");
                files.putAll(
                        files(ResourceType.CONFIG_MAPS, from, from.text("name"), mode).files());
            } else if (part.has("secret")) {
                JsonObject from = part.object("secret");
                files.putAll(files(ResourceType.SECRETS, from, from.text("name"), mode).files());
            } else {
                files.putAll(downward(part.object("downwardAPI"), mode).files());
            }
        }
        return new VolumeWant.Files(files);
    }

    private VolumeWant.Files downward(JsonObject source, int mode) throws InputException {
        Map<String, FileContent> files = new TreeMap<>();
        for (JsonObject item : source.array("items").objects()) {
            String value = fields.value(item.text("fieldRef", "fieldPath"));
            files.put(
                    safePath(item.text("path")),
                    new FileContent(value.getBytes(StandardCharsets.UTF_8), mode(item, mode)));
        }
        return new VolumeWant.Files(files);
    }

    private VolumeWant.Files files(ResourceType type, JsonObject source, String name, int mode)
            throws InputException {
        boolean optional = source.flag("optional");
        Optional<KubeObject> object = inputs.find(type, fields.pod().namespace(), name, optional);
        if (object.isEmpty()) {
            return new VolumeWant.Files(Map.of());
        }
        Map<String, byte[]> content = content(type, object.get());
        Map<String, FileContent> files = new TreeMap<>();
        if (source.array("items").isEmpty()) {
            for (Map.Entry<String, byte[]> entry : content.entrySet()) {
                files.put(safeKey(entry.getKey()), new FileContent(entry.getValue(), mode));
            }
        }
        for (JsonObject item : source.array("items").objects()) {
            byte[] bytes = content.get(item.text("key"));
            if (bytes != null) {
                files.put(safePath(item.text("path")), new FileContent(bytes, mode(item, mode)));
            } else if (!optional) {
                throw new InputException(
                        "references non-existent key \""
                                + item.text("key")
                                + "\" of "
                                + object.get());
            }
        }
        return new VolumeWant.Files(files);
    }

    private static Map<String, byte[]> content(ResourceType type, KubeObject object)
            throws InputException {
        Map<String, byte[]> content = new TreeMap<>();
        boolean secret = type.equals(ResourceType.SECRETS);
        for (Map.Entry<String, String> entry : object.json().object("data").strings().entrySet()) {
            content.put(
                    entry.getKey(),
                    secret
                            ? Environment.decode(object, entry.getKey(), entry.getValue())
                            : entry.getValue().getBytes(StandardCharsets.UTF_8));
        }
        for (Map.Entry<String, String> entry :
                object.json().object("binaryData").strings().entrySet()) {
            content.put(
                    entry.getKey(), Environment.decode(object, entry.getKey(), entry.getValue()));
        }
        return content;
    }

    private static int mode(JsonObject source) {
        return mode(source.number("defaultMode").orElse(DEFAULT_MODE));
    }

    private static int mode(JsonObject item, int otherwise) {
        return mode(item.number("mode").orElse(otherwise));
    }

    /** Permission bits alone: no set-uid file comes out of a ConfigMap. */
    private static int mode(long given) {
        return (int) (given & 0777);
    }

    private static String safeKey(String key) throws InputException {
        if (key.contains("/")) {
            throw new InputException("key \"" + key + "\" is no file name");
        }
        return safePath(key);
    }

    /** A relative path that stays inside the volume and clear of its own {@code ..data} entries. */
    private static String safePath(String path) throws InputException {
        List<String> parts = List.of(path.split("/", -1));
        boolean odd =
                parts.stream()
                                .anyMatch(
                                        part ->
                                                part.isEmpty()
                                                        || part.equals(".")
                                                        || part.equals(".."))
                        || path.startsWith("..")
                        || path.indexOf('\0') >= 0;
        if (odd) {
            throw new InputException(
                    "path \"" + path + "\" must be relative, without '..' and without empty parts");
        }
        return path;
    }
}
