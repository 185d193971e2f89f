// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The rules for a pod's volumes. */
final class VolumeRules {
    private static final List<String> HOST_PATH_TYPES =
            List.of(
                    "",
                    "BlockDevice",
                    "CharDevice",
                    "Directory",
                    "DirectoryOrCreate",
                    "File",
                    "FileOrCreate",
                    "Socket");

    private VolumeRules() {}

    /** Checks the volumes and answers their names, for the mounts. */
    static Set<String> check(JsonArray volumes, String path, Errors errors) {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < volumes.size(); i++) {
            if (!(volumes.get(i) instanceof JsonObject volume)) {
                continue;
            }
            String here = path + "[" + i + "]";
            String name = volume.text("name");
            if (name.isEmpty()) {
                errors.required(here + ".name");
            } else {
                errors.invalid(here + ".name", name, NameRules.label(name));
                if (!names.add(name)) {
                    errors.duplicate(here + ".name", name);
                }
            }
            sources(volume.without("name"), here, errors);
        }
        return names;
    }

    private static void sources(JsonObject sources, String path, Errors errors) {
        if (sources.isEmpty()) {
            errors.required(path, "must specify a volume type");
        }
        boolean first = true;
        for (String kind : sources.members().keySet()) {
            if (!first) {
                errors.forbidden(path + "." + kind, "may not specify more than 1 volume type");
            } else {
                source(kind, sources.object(kind), path + "." + kind, errors);
            }
            first = false;
        }
    }

    private static void source(String kind, JsonObject source, String path, Errors errors) {
        switch (kind) {
            case "emptyDir" ->
                    ResourceRules.quantity(source, "sizeLimit", path + ".sizeLimit", errors);
            case "hostPath" -> hostPath(source, path, errors);
            case "secret" -> {
                required(source, "secretName", path, errors);
                files(source, path, errors);
            }
            case "configMap" -> {
                required(source, "name", path, errors);
                files(source, path, errors);
            }
            case "downwardAPI" -> downward(source, path, errors);
            case "projected" -> projected(source, path, errors);
            case "persistentVolumeClaim" -> required(source, "claimName", path, errors);
            case "nfs" -> {
                required(source, "server", path, errors);
                required(source, "path", path, errors);
                String target = source.text("path");
                if (!target.isEmpty() && !target.startsWith("/")) {
                    errors.invalid(path + ".path", target, "must be an absolute path");
                }
            }
            case "csi" -> required(source, "driver", path, errors);
            default -> {
                // Kinds of volumes that no gateway has: their details are not looked at.
            }
        }
    }

    /** The path of a {@code local} volume. */
    static void localPath(JsonObject source, String path, Errors errors) {
        String target = source.text("path");
        if (target.isEmpty()) {
            errors.required(path + ".path");
        } else if (hasBackstep(target)) {
            errors.invalid(path + ".path", target, "must not contain '..'");
        }
    }

    static void hostPath(JsonObject source, String path, Errors errors) {
        String target = source.text("path");
        if (target.isEmpty()) {
            errors.required(path + ".path");
        } else if (hasBackstep(target)) {
            errors.invalid(path + ".path", target, "must not contain '..'");
        }
        String type = source.text("type");
        if (!HOST_PATH_TYPES.contains(type)) {
            errors.notSupported(path + ".type", type, HOST_PATH_TYPES);
        }
    }

    private static void downward(JsonObject source, String path, Errors errors) {
        mode(source, "defaultMode", path, errors);
        JsonArray items = source.array("items");
        for (int i = 0; i < items.size(); i++) {
            if (items.get(i) instanceof JsonObject item) {
                String here = path + ".items[" + i + "]";
                if (item.text("path").isEmpty()) {
                    errors.required(here + ".path");
                } else {
                    relative(item.text("path"), here + ".path", errors);
                }
                if (!item.has("fieldRef") && !item.has("resourceFieldRef")) {
                    errors.required(here, "one of fieldRef and resourceFieldRef is required");
                }
                mode(item, "mode", here, errors);
            }
        }
    }

    private static void projected(JsonObject source, String path, Errors errors) {
        mode(source, "defaultMode", path, errors);
        JsonArray sources = source.array("sources");
        for (int i = 0; i < sources.size(); i++) {
            if (!(sources.get(i) instanceof JsonObject part)) {
                continue;
            }
            String here = path + ".sources[" + i + "]";
            if (part.isEmpty()) {
                errors.required(here, "must specify at least 1 volume source");
            } else if (part.members().size() > 1) {
                errors.forbidden(here, "may not specify more than 1 volume type");
            }
            for (String kind : List.of("secret", "configMap")) {
                if (part.has(kind)) {
                    required(part.object(kind), "name", here + "." + kind, errors);
                    files(part.object(kind), here + "." + kind, errors);
                }
            }
            if (part.has("downwardAPI")) {
                downward(part.object("downwardAPI"), here + ".downwardAPI", errors);
            }
            if (part.has("serviceAccountToken")) {
                required(
                        part.object("serviceAccountToken"),
                        "path",
                        here + ".serviceAccountToken",
                        errors);
            }
        }
    }

    private static void files(JsonObject source, String path, Errors errors) {
        mode(source, "defaultMode", path, errors);
        JsonArray items = source.array("items");
        for (int i = 0; i < items.size(); i++) {
            if (items.get(i) instanceof JsonObject item) {
                String here = path + ".items[" + i + "]";
                required(item, "key", here, errors);
                if (item.text("path").isEmpty()) {
                    errors.required(here + ".path");
                } else {
                    relative(item.text("path"), here + ".path", errors);
                }
                mode(item, "mode", here, errors);
            }
        }
    }

    private static void mode(JsonObject object, String name, String path, Errors errors) {
        long mode = object.number(name).orElse(0);
        if (mode < 0 || mode > 0777) {
            errors.invalid(
                    path + "." + name,
                    mode,
                    "must be a number between 0 and 0777 (octal), both inclusive");
        }
    }

    private static void required(JsonObject object, String name, String path, Errors errors) {
        if (object.text(name).isEmpty()) {
            errors.required(path + "." + name);
        }
    }

    /** A path that stays below the folder it is taken in. */
    static void relative(String target, String path, Errors errors) {
        if (target.startsWith("/")) {
            errors.invalid(path, target, "must be a relative path");
        }
        if (hasBackstep(target)) {
            errors.invalid(path, target, "must not contain '..'");
        } else if (target.startsWith("..")) {
            errors.invalid(path, target, "must not start with '..'");
        }
    }

    private static boolean hasBackstep(String target) {
        return Arrays.asList(target.split("/", -1)).contains("..");
    }
}
