/** Deployments whose newer pods don't get ready, while those before them go on. */
import type { V1Pod } from "@kubernetes/client-node";
import { judgeGateway } from "../../../src/live/status/gateways";
import { judgeIstiod } from "../../../src/live/status/istiod";
import { answer, istiod, mesh, planOf, pod, sound, withObject } from "./soundMesh";

const conditions = (is: "True" | "False") => [
  { type: "Progressing", status: is, reason: is === "True" ? "" : "ProgressDeadlineExceeded" },
];

const unready: V1Pod = pod("newer", "istio-system", {
  status: {
    conditions: [{ type: "Ready", status: "False" }],
    containerStatuses: [
      {
        ...{ name: "newer", ready: false, image: "", imageID: "", restartCount: 0 },
        state: { waiting: { reason: "ImagePullBackOff" } },
      },
    ],
  },
});

it("are warned of, with the reason, where they are a gateway's", () => {
  const seen = { ...sound("east"), gatewayPods: answer([unready]) };
  const judged = (is: "True" | "False") =>
    judgeGateway(
      mesh,
      planOf("east"),
      withObject(
        seen,
        "apps/Deployment/istio-eastwest/istio-eastwestgateway",
        (live) => (live.status.conditions = conditions(is)),
      ),
    ).filter(({ state }) => state !== "ok");
  expect(judged("False")).toMatchObject([
    {
      ...{ state: "warning", code: "gateway_not_ready" },
      message: "2 of 2 pods ready: its newer pods don't get ready: newer-1: ImagePullBackOff",
    },
  ]);
  expect(judged("True")).toEqual([]);
});

it("are warned of where they are istiod's", () => {
  const judged = (is: "True" | "False") =>
    judgeIstiod(mesh, planOf("east"), {
      ...sound("east"),
      istiod: answer([istiod({ conditions: conditions(is) })]),
      istiodPods: answer([unready]),
    }).filter(({ code }) => code === "istiod_not_ready");
  expect(judged("False")).toMatchObject([
    {
      state: "warning",
      message:
        "1 of 1 pod ready, and its newer pods don't get ready: newer-1: ImagePullBackOff; the ones before go on",
    },
  ]);
  expect(judged("True")).toEqual([]);
});
