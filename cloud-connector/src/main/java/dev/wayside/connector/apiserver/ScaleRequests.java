// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.connector.store.Scales;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;

/** The {@code scale} subresource: autoscaling/v1 Scale over the object's count of replicas. */
final class ScaleRequests {
    private static final String SCALE = "scale";

    private final ObjectStore store;
    private final ReadRequests reads;
    private final Authorizer authorizer;
    private final WriteRequests writes;

    ScaleRequests(
            ObjectStore store, ReadRequests reads, Authorizer authorizer, WriteRequests writes) {
        this.store = store;
        this.reads = reads;
        this.authorizer = authorizer;
        this.writes = writes;
    }

    void get(Call call) {
        KubeObject object =
                store.get(call.key()).orElseThrow(() -> ApiException.notFound(call.key()));
        respond(call, Scales.of(call.kind(), call.kind().converted(object)));
    }

    void update(Call call) {
        if (!(writes.decode(call).value() instanceof JsonObject body)) {
            throw ApiStatus.badRequest("the body must be a Scale");
        }
        authorizer.admit(call.user(), call.info(), null, body);
        KubeObject scale =
                new KubeObject(body)
                        .withMetadata("name", Json.of(call.info().name()))
                        .withMetadata("namespace", Json.of(call.info().namespace()));
        respond(
                call,
                store.update(
                        call.type(),
                        scale,
                        SCALE,
                        writes.judged(call, FieldManagers.update(call, "UpdateOptions"))));
    }

    void patch(Call call) {
        PatchType type = WriteRequests.patchType(call);
        Json body = writes.decode(call).value();
        authorizer.admit(call.user(), call.info(), type, body);
        respond(
                call,
                store.patch(
                        call.type(),
                        call.key(),
                        new Patch(type, body),
                        SCALE,
                        writes.judged(
                                call,
                                type == PatchType.APPLY
                                        ? FieldManagers.apply(call)
                                        : FieldManagers.update(call, "PatchOptions"))));
    }

    private void respond(Call call, KubeObject scale) {
        call.respond(200, reads.presentation(call).scale(scale));
    }
}
