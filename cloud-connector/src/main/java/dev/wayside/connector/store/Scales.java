// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.store.ApiException.Cause;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ResourceType;
import java.util.List;
import java.util.OptionalLong;

/** The {@code scale} subresource: {@code autoscaling/v1} Scale objects, seen over an object. */
public final class Scales {
    private Scales() {}

    /** The Scale of a Deployment or a ReplicaSet, with its revision. */
    public static KubeObject of(KubeObject object) {
        JsonObject.Builder metadata = JsonObject.builder();
        for (String field :
                List.of("name", "namespace", "uid", "resourceVersion", "creationTimestamp")) {
            metadata.put(field, object.metadata().get(field));
        }
        JsonObject.Builder status =
                JsonObject.builder()
                        .put("replicas", object.status().number("replicas").orElse(0))
                        .putUnlessEmpty(
                                "selector",
                                LabelSelector.of(object.spec().object("selector")).toString());
        return new KubeObject(
                JsonObject.builder()
                        .put("apiVersion", "autoscaling/v1")
                        .put("kind", "Scale")
                        .put("metadata", metadata.build())
                        .put(
                                "spec",
                                JsonObject.of(
                                        "replicas",
                                        Json.of(object.spec().number("replicas").orElse(0))))
                        .put("status", status.build())
                        .build());
    }

    /**
     * The object with the replicas that a Scale asks for.
     *
     * @throws ApiException BadRequest if it is no Scale, Invalid if the number is
     */
    static KubeObject applied(KubeObject object, KubeObject scale) {
        refuseIfOther(scale.kind());
        OptionalLong replicas = scale.spec().number("replicas");
        if (scale.spec().has("replicas") && replicas.isEmpty()) {
            throw new ApiException(
                    ApiException.Reason.BAD_REQUEST,
                    "json: cannot unmarshal value into Go struct field ScaleSpec.spec.replicas of"
                            + " type int32");
        }
        long wanted = replicas.orElse(0);
        if (wanted < 0 || wanted > Integer.MAX_VALUE) {
            throw ApiException.invalid(
                    "Scale.autoscaling",
                    scale.name(),
                    List.of(
                            new Cause(
                                    "FieldValueInvalid",
                                    "Invalid value: "
                                            + wanted
                                            + ": must be greater than or equal to 0",
                                    "spec.replicas")));
        }
        return object.withSpec(object.spec().with("replicas", wanted));
    }

    /**
     * What a Scale that is applied says of the object itself.
     *
     * @throws ApiException BadRequest if it is no Scale
     */
    static JsonObject configuration(ResourceType type, JsonObject scale) {
        refuseIfOther(scale.text("kind"));
        JsonObject.Builder metadata = JsonObject.builder();
        for (String field : List.of("name", "namespace", "uid", "resourceVersion")) {
            metadata.put(field, scale.object("metadata").get(field));
        }
        return JsonObject.builder()
                .put("apiVersion", type.apiVersion())
                .put("kind", type.kind())
                .put("metadata", metadata.build())
                .put(
                        "spec",
                        JsonObject.builder()
                                .put("replicas", scale.object("spec").get("replicas"))
                                .build())
                .build();
    }

    private static void refuseIfOther(String kind) {
        if (!kind.equals("Scale")) {
            throw new ApiException(
                    ApiException.Reason.BAD_REQUEST,
                    "the object provided is unrecognized: a Scale of autoscaling/v1 is expected,"
                            + " not a "
                            + kind);
        }
    }
}
