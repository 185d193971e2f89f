// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.schema.KindDefinition.ScalePaths;
import dev.wayside.connector.store.ApiException.Cause;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonString;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import java.util.List;
import java.util.OptionalLong;

/** The {@code scale} subresource: {@code autoscaling/v1} Scale objects, seen over an object. */
public final class Scales {
    private Scales() {}

    /** The Scale of an object whose kind has that subresource, with its revision. */
    public static KubeObject of(KindDefinition kind, KubeObject object) {
        JsonObject.Builder metadata = JsonObject.builder();
        for (String field :
                List.of("name", "namespace", "uid", "resourceVersion", "creationTimestamp")) {
            metadata.put(field, object.metadata().get(field));
        }
        ScalePaths paths = kind.scalePaths();
        JsonObject.Builder status =
                JsonObject.builder()
                        .put("replicas", number(object, paths.current()))
                        .putUnlessEmpty("selector", selector(object, paths.selector()));
        return new KubeObject(
                JsonObject.builder()
                        .put("apiVersion", "autoscaling/v1")
                        .put("kind", "Scale")
                        .put("metadata", metadata.build())
                        .put(
                                "spec",
                                JsonObject.of(
                                        "replicas", Json.of(number(object, paths.replicas()))))
                        .put("status", status.build())
                        .build());
    }

    private static long number(KubeObject object, List<String> path) {
        return object.json().number(path.toArray(String[]::new)).orElse(0);
    }

    private static String selector(KubeObject object, List<String> path) {
        if (path.isEmpty()) {
            return "";
        }
        Json selector = object.json().at(path.toArray(String[]::new)).orElse(JsonObject.EMPTY);
        return selector instanceof JsonObject read
                ? LabelSelector.of(read).toString()
                : selector instanceof JsonString text ? text.value() : "";
    }

    /**
     * The object with the replicas that a Scale asks for.
     *
     * @throws ApiException BadRequest if it is no Scale, Invalid if the number is
     */
    static KubeObject applied(KindDefinition kind, KubeObject object, KubeObject scale) {
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
        return new KubeObject(object.json().withAt(kind.scalePaths().replicas(), Json.of(wanted)));
    }

    /**
     * What a Scale that is applied says of the object itself.
     *
     * @throws ApiException BadRequest if it is no Scale
     */
    static JsonObject configuration(KindDefinition kind, JsonObject scale) {
        refuseIfOther(scale.text("kind"));
        JsonObject.Builder metadata = JsonObject.builder();
        for (String field : List.of("name", "namespace", "uid", "resourceVersion")) {
            metadata.put(field, scale.object("metadata").get(field));
        }
        JsonObject configuration =
                JsonObject.builder()
                        .put("apiVersion", kind.type().apiVersion())
                        .put("kind", kind.type().kind())
                        .put("metadata", metadata.build())
                        .build();
        return scale.object("spec")
                .get("replicas")
                .map(replicas -> configuration.withAt(kind.scalePaths().replicas(), replicas))
                .orElse(configuration);
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
