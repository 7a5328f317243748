import{al as p,am as e,a as o,an as t}from"./base-DOvk-33P.js";p();const a=document.getElementById("app");a&&e(o(t,{}),a);
