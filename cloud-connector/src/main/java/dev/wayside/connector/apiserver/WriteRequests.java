// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** create, update and patch, of objects and of their subresources. */
final class WriteRequests {
    private final ObjectStore store;
    private final Authorizer authorizer;
    private final BodyDecoder decoder;
    private final Map<String, KindRules> rules;
    private final ApplyRequests applies;
    private final ChangePlans plans;

    /**
     * @param rules by {@link ResourceType#qualified()}
     */
    WriteRequests(
            ObjectStore store,
            Authorizer authorizer,
            BodyDecoder decoder,
            Map<String, KindRules> rules,
            ChangePlans plans) {
        this.store = store;
        this.plans = plans;
        this.authorizer = authorizer;
        this.decoder = decoder;
        this.rules = Map.copyOf(rules);
        this.applies = new ApplyRequests(store, authorizer, this.rules);
    }

    void create(Call call) {
        BodyDecoder.Decoded decoded = decode(call);
        KubeObject object = object(call, decoded.value());
        call.exchange().creates(object.name());
        List<String> warnings = validate(call, object, decoded.strictErrors());
        authorizer.admit(call.user(), call.info(), null, object.json());
        KindRules kindRules = rules.getOrDefault(call.type().qualified(), KindRules.NONE);
        boolean dryRun = call.dryRun();
        KubeObject admitted =
                kindRules.creating(
                        call.user(), new KubeObject(call.kind().pruned(object.json())), dryRun);
        Foresight foresight = foresight(call);
        KubeObject created =
                store.create(
                        call.type(),
                        admitted,
                        judged(call, FieldManagers.update(call, "CreateOptions"), foresight));
        call.exchange().creates(created.name());
        call.respond(
                201,
                (dryRun ? created : kindRules.written(call.user(), created)).json(),
                with(call.kind().warnings(created), warnings, foresight.warnings()));
    }

    void update(Call call) {
        BodyDecoder.Decoded decoded = decode(call);
        KubeObject object = object(call, decoded.value());
        List<String> warnings = validate(call, object, decoded.strictErrors());
        authorizer.admit(call.user(), call.info(), null, object.json());
        Foresight foresight = foresight(call);
        KubeObject updated =
                store.update(
                        call.type(),
                        new KubeObject(call.kind().pruned(object.json())),
                        call.info().subresource(),
                        judged(call, FieldManagers.update(call, "UpdateOptions"), foresight));
        call.respond(
                200,
                after(call, updated).json(),
                with(call.kind().warnings(updated), warnings, foresight.warnings()));
    }

    void patch(Call call) {
        PatchType type = patchType(call);
        BodyDecoder.Decoded decoded = decode(call);
        authorizer.admit(call.user(), call.info(), type, decoded.value());
        if (type == PatchType.APPLY) {
            apply(call, decoded);
            return;
        }
        Foresight foresight = foresight(call);
        WriteOptions options = judged(call, FieldManagers.update(call, "PatchOptions"), foresight);
        List<String> warnings =
                FieldValidation.checkPatch(
                        call.kind(),
                        type,
                        decoded.value(),
                        decoded.strictErrors(),
                        call.query().text("fieldValidation"));
        KubeObject patched =
                store.patch(
                        call.type(),
                        call.key(),
                        new Patch(type, decoded.value()),
                        call.info().subresource(),
                        options);
        call.respond(
                200,
                after(call, patched).json(),
                with(call.kind().warnings(patched), warnings, foresight.warnings()));
    }

    private void apply(Call call, BodyDecoder.Decoded decoded) {
        KubeObject config = object(call, decoded.value());
        if (config.metadata().has("managedFields")) {
            throw ApiStatus.badRequest("metadata.managedFields must be nil");
        }
        List<String> warnings = validate(call, config, decoded.strictErrors());
        Foresight foresight = foresight(call);
        ApplyRequests.Applied applied =
                applies.apply(call, config, judged(call, FieldManagers.apply(call), foresight));
        call.respond(
                applied.created() ? 201 : 200,
                after(call, applied.object()).json(),
                with(call.kind().warnings(applied.object()), warnings, foresight.warnings()));
    }

    /** Binds a Pod: the body is a Binding, no Pod. */
    void bind(Call call) {
        if (!(decode(call).value() instanceof JsonObject body)) {
            throw ApiStatus.badRequest("the body must be a Binding");
        }
        authorizer.admit(call.user(), call.info(), null, body);
        KubeObject binding =
                new KubeObject(body.without("apiVersion").without("kind"))
                        .withMetadata("name", Json.of(call.info().name()))
                        .withMetadata("namespace", Json.of(call.info().namespace()));
        store.update(
                call.type(),
                binding,
                "binding",
                judged(call, FieldManagers.update(call, "CreateOptions")));
        call.respond(201, ApiStatus.success(201));
    }

    /** Answers what is not stored. */
    void respond(Call call, Responder responder) {
        BodyDecoder.Decoded decoded = decode(call);
        KindDefinition kind = responder.bodyKind().orElse(call.kind());
        KubeObject asked = object(kind.type(), decoded.value());
        asked = responder.bodyKind().isPresent() ? asked : placed(call, asked);
        List<String> warnings =
                FieldValidation.check(
                        kind,
                        asked.json(),
                        decoded.strictErrors(),
                        call.query().text("fieldValidation"));
        authorizer.admit(call.user(), call.info(), null, asked.json());
        KubeObject answer =
                responder.answer(
                        call.user(), call.info(), new KubeObject(kind.pruned(asked.json())));
        call.respond(201, answer.json(), warnings);
    }

    BodyDecoder.Decoded decode(Call call) {
        String encoding = call.request().header("content-encoding");
        if (!encoding.isEmpty() && !encoding.equalsIgnoreCase("identity")) {
            throw new ApiException(
                    Reason.UNSUPPORTED_MEDIA_TYPE,
                    "bodies are taken as they are, without a content-encoding");
        }
        return decoder.decode(call.request().header("content-type"), call.request().body());
    }

    private Foresight foresight(Call call) {
        return new Foresight(plans, authorizer, call);
    }

    /** Lets the kind's own rules have the last word. */
    WriteOptions judged(Call call, WriteOptions options) {
        return judged(call, options, foresight(call));
    }

    private WriteOptions judged(Call call, WriteOptions options, Foresight foresight) {
        KindRules kindRules = rules.getOrDefault(call.type().qualified(), KindRules.NONE);
        return options.admitting(
                (before, after) -> {
                    kindRules.changing(call.user(), call.info(), before, after);
                    foresight.writes(before, after);
                });
    }

    /**
     * @throws ApiException UnsupportedMediaType
     */
    static PatchType patchType(Call call) {
        String type = BodyDecoder.mediaType(call.request().header("content-type"));
        boolean strategic = call.kind().hasStrategicMerge();
        return switch (type) {
            case "application/merge-patch+json" -> PatchType.MERGE;
            case "application/json-patch+json" -> PatchType.JSON;
            case "application/apply-patch+yaml" -> PatchType.APPLY;
            case "application/strategic-merge-patch+json" -> {
                if (strategic) {
                    yield PatchType.STRATEGIC;
                }
                throw unsupported(false);
            }
            default -> throw unsupported(strategic);
        };
    }

    private static ApiException unsupported(boolean strategic) {
        return new ApiException(
                Reason.UNSUPPORTED_MEDIA_TYPE,
                "the body of the request was in an unknown format - accepted media types include:"
                        + " application/json-patch+json, application/merge-patch+json"
                        + (strategic ? ", application/strategic-merge-patch+json" : ""));
    }

    private static List<String> with(
            List<String> more, List<String> warnings, List<String> foretold) {
        List<String> all = new ArrayList<>(warnings);
        all.addAll(more);
        all.addAll(foretold);
        return all;
    }

    private KubeObject after(Call call, KubeObject object) {
        return call.dryRun()
                ? object
                : rules.getOrDefault(call.type().qualified(), KindRules.NONE)
                        .written(call.user(), object);
    }

    private static List<String> validate(Call call, KubeObject object, List<String> duplicates) {
        return FieldValidation.check(
                call.kind(), object.json(), duplicates, call.query().text("fieldValidation"));
    }

    /** The body as an object of the kind, name and namespace that the path asks for. */
    private static KubeObject object(Call call, Json body) {
        return placed(call, object(call.type(), body));
    }

    private static KubeObject object(ResourceType type, Json body) {
        if (!(body instanceof JsonObject json)) {
            throw ApiStatus.badRequest("the body of the request must be an object");
        }
        if (!json.has("kind") && !json.has("apiVersion")) {
            json = json.with("apiVersion", type.apiVersion()).with("kind", type.kind());
        }
        KubeObject object = new KubeObject(json);
        if (!object.apiVersion().equals(type.apiVersion())) {
            throw ApiStatus.badRequest(
                    "the API version in the data ("
                            + object.apiVersion()
                            + ") does not match the expected API version ("
                            + type.apiVersion()
                            + ")");
        }
        if (!object.kind().equals(type.kind())) {
            throw ApiStatus.badRequest(
                    object.kind()
                            + " in version \""
                            + type.version()
                            + "\" cannot be handled as a "
                            + type.kind());
        }
        return object;
    }

    private static KubeObject placed(Call call, KubeObject object) {
        String namespace = call.info().namespace();
        if (call.type().namespaced()) {
            if (object.namespace().isEmpty()) {
                object = object.withMetadata("namespace", Json.of(namespace));
            } else if (!object.namespace().equals(namespace)) {
                throw ApiStatus.badRequest(
                        "the namespace of the provided object does not match the namespace sent on"
                                + " the request");
            }
        } else if (object.metadata().has("namespace")) {
            object = object.withoutMetadata("namespace");
        }
        String name = call.info().name();
        if (!name.isEmpty() && !object.name().equals(name)) {
            throw ApiStatus.badRequest(
                    object.name().isEmpty()
                            ? "name must be provided"
                            : "the name of the object ("
                                    + object.name()
                                    + ") does not match the name on the URL ("
                                    + name
                                    + ")");
        }
        return object;
    }
}
