// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** Pod templates: their hash, their comparison, and the pods made of them. */
public final class PodTemplates {
    public static final String HASH_LABEL = "pod-template-hash";

    /** No vowels and nothing that looks like another: names that are no words. */
    private static final String ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

    private static final int LONGEST_BASE = 58;

    private PodTemplates() {}

    /**
     * Names a template by its content; the order of members does not matter.
     *
     * @param collisions how many other templates had the same hash
     */
    static String hash(JsonObject template, long collisions) {
        Fnv fnv = new Fnv();
        feed(fnv, template);
        fnv.add(Long.toString(collisions));
        StringBuilder name = new StringBuilder();
        for (char digit : Integer.toUnsignedString(fnv.hash).toCharArray()) {
            name.append(ALPHABET.charAt(digit % ALPHABET.length()));
        }
        return name.toString();
    }

    /** FNV-1a, 32 bits. */
    private static final class Fnv {
        private int hash = 0x811c9dc5;

        void add(String text) {
            for (int i = 0; i < text.length(); i++) {
                add(text.charAt(i));
            }
            add('\0');
        }

        void add(char character) {
            hash = (hash ^ (character & 0xff)) * 0x01000193;
            hash = (hash ^ (character >>> 8)) * 0x01000193;
        }
    }

    private static void feed(Fnv fnv, Json value) {
        if (value instanceof JsonObject object) {
            fnv.add('{');
            Map<String, Json> sorted = new TreeMap<>(object.members());
            sorted.forEach(
                    (name, member) -> {
                        fnv.add(name);
                        feed(fnv, member);
                    });
            fnv.add('}');
        } else if (value instanceof JsonArray array) {
            fnv.add('[');
            array.forEach(item -> feed(fnv, item));
            fnv.add(']');
        } else {
            fnv.add(value.toJson());
        }
    }

    /** Whether both make the same pods; the hash label apart. */
    static boolean same(JsonObject one, JsonObject other) {
        return withoutHash(one).equals(withoutHash(other));
    }

    private static JsonObject withoutHash(JsonObject template) {
        JsonObject bare = template.withoutAt(List.of("metadata", "labels", HASH_LABEL));
        // Empty and absent mean the same, and so does a creation time that is null.
        JsonObject metadata = bare.object("metadata").without("creationTimestamp");
        if (metadata.object("labels").isEmpty()) {
            metadata = metadata.without("labels");
        }
        if (metadata.object("annotations").isEmpty()) {
            metadata = metadata.without("annotations");
        }
        return bare.with("metadata", metadata);
    }

    /** A new pod of a ReplicaSet or another owner with a template. */
    static KubeObject pod(KubeObject owner, RandomGenerator random) {
        JsonObject template = owner.spec().object("template");
        return pod(owner, template, name(owner.name() + "-", random));
    }

    /** A name that nobody else has, most likely. */
    static String name(String base, RandomGenerator random) {
        StringBuilder name = new StringBuilder(cut(base));
        for (int i = 0; i < 5; i++) {
            name.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return name.toString();
    }

    private static String cut(String base) {
        return base.substring(0, Math.min(base.length(), LONGEST_BASE));
    }

    /** A new pod of that name. */
    static KubeObject pod(KubeObject owner, JsonObject template, String name) {
        KubeObject pod = KubeObject.of(ResourceType.PODS, owner.namespace(), name);
        JsonObject metadata =
                pod.metadata().toBuilder()
                        .put("generateName", owner.name() + "-")
                        .putUnlessEmpty("labels", template.object("metadata", "labels"))
                        .putUnlessEmpty("annotations", template.object("metadata", "annotations"))
                        .putUnlessEmpty("finalizers", template.array("metadata", "finalizers"))
                        .put(
                                "ownerReferences",
                                JsonArray.of(OwnerReference.controllerOf(owner).toJson()))
                        .build();
        return pod.withMetadata(metadata).withSpec(template.object("spec"));
    }
}
