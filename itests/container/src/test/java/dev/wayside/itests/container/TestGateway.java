// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import static org.ops4j.pax.exam.CoreOptions.bundle;
import static org.ops4j.pax.exam.CoreOptions.composite;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;
import static org.ops4j.pax.exam.CoreOptions.frameworkStartLevel;
import static org.ops4j.pax.exam.CoreOptions.systemPackages;

import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.options.UrlProvisionOption;

/**
 * The gateway as we ship it, for a test's container: the rendered set, and a data folder that has
 * joined.
 */
final class TestGateway {
    private static final Path HOME =
            Path.of("../../gateway-distro/target/gateway").toAbsolutePath().normalize();
    private static final List<String> TEST_BUNDLES =
            List.of(
                    "org.opentest4j.AssertionFailedError",
                    "org.apiguardian.api.API",
                    "org.junit.platform.commons.JUnitException",
                    "org.junit.platform.engine.TestEngine",
                    "org.junit.platform.launcher.Launcher",
                    "org.junit.jupiter.api.Test",
                    "org.junit.jupiter.engine.JupiterTestEngine",
                    "org.assertj.core.api.Assertions",
                    "net.bytebuddy.ByteBuddy");

    private TestGateway() {}

    /**
     * A fresh data folder with the identity of a gateway that has joined a connector that is away.
     */
    static Path joined() throws IOException {
        Path data = Files.createTempDirectory("wayside-container-");
        TestIdentity.write(data);
        return data;
    }

    /**
     * Our bundles in random order within their level, so that no order is relied upon. The seed is
     * printed.
     */
    static Option[] options(List<String> sets) throws IOException, JsonException {
        long seed = System.nanoTime();
        System.out.println("order of the bundles: seed " + seed);
        List<JsonObject> bundles = new ArrayList<>(bundlesOf(sets));
        Collections.shuffle(bundles, new Random(seed));
        List<Option> options = new ArrayList<>();
        for (JsonObject bundle : bundles) {
            UrlProvisionOption option =
                    bundle("reference:" + file(bundle).toUri())
                            .startLevel((int) bundle.number("startLevel").orElseThrow());
            options.add(
                    bundle.text("id").contains("dev.wayside.logging") ? option.noStart() : option);
        }
        for (String type : TEST_BUNDLES) {
            options.add(bundle("reference:" + jarOf(type)).startLevel(1));
        }
        return new Option[] {
            frameworkStartLevel(2),
            systemPackages(
                    "org.osgi.service.cm;version=1.6.1",
                    "org.osgi.service.component;version=1.5.1",
                    "org.osgi.service.component.annotations;version=1.5.1",
                    "org.osgi.service.component.propertytypes;version=1.5.1",
                    "org.osgi.service.component.runtime;version=1.5.0",
                    "org.osgi.service.component.runtime.dto;version=1.5.0",
                    "org.osgi.util.promise;version=1.3.0",
                    "org.osgi.util.function;version=1.2.0"),
            frameworkProperty("org.osgi.framework.system.capabilities.extra")
                    .value(
                            "osgi.extender;osgi.extender=osgi.serviceloader.processor;version:Version=1.0,"
                                + "osgi.extender;osgi.extender=osgi.serviceloader.registrar;version:Version=1.0,"
                                + "osgi.serviceloader;osgi.serviceloader=org.slf4j.spi.SLF4JServiceProvider"),
            frameworkProperty("felix.cm.pm").value("memory"),
            frameworkProperty("org.apache.felix.eventadmin.ThreadPoolSize").value("2"),
            composite(options.toArray(Option[]::new))
        };
    }

    /** What the build has rendered for the sets, each bundle once. */
    static Collection<JsonObject> bundlesOf(List<String> sets) throws IOException, JsonException {
        Map<String, JsonObject> bundles = new LinkedHashMap<>();
        for (String name : sets) {
            Path file = HOME.resolve("sets/" + name + ".json");
            JsonObject set = (JsonObject) Json.parse(Files.readAllBytes(file));
            for (JsonObject bundle : set.array("bundles").objects()) {
                bundles.put(bundle.text("id"), bundle);
            }
        }
        return bundles.values();
    }

    /** The bundle's file in the assembled gateway. */
    static Path file(JsonObject bundle) {
        return HOME.resolve(bundle.text("file"));
    }

    private static String jarOf(String type) {
        try {
            return Class.forName(type)
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toString();
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("the test's class path lacks " + type, e);
        }
    }
}
